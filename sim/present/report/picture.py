"""Stage 5e: figures as a document carries them: sharp on paper and screen, in few bytes."""

from io import BytesIO
from pathlib import Path

from PIL import Image

__all__ = ["shrink_picture"]

WIDEST_PX = 1900
"""Across 16 cm this is 300 dots an inch."""


def shrink_picture(path: Path) -> bytes:
    """Return a figure as PNG in 256 colours, no wider than a page needs; the files in figures/ keep everything."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDEST_PX:
        height = round(picture.height * WIDEST_PX / picture.width)
        picture = picture.resize((WIDEST_PX, height), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
