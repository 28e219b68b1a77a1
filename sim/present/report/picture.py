"""Stage 5e: figures as a document carries them: sharp on paper and screen, in few bytes."""

from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from sim.present.figures import save_figure

__all__ = ["save_picture", "shrink_picture"]

WIDEST_PX = 2400
"""Across 16 cm this is 380 dots an inch. Figures are 2007 wide: made narrower they would lose their sharp edges, and the
many shades between would take more bytes than the dots that are saved."""


def shrink_picture(path: Path) -> bytes:
    """Return a figure as PNG in 256 colours, no wider than a page needs; the files in figures/ keep everything."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDEST_PX:
        height = round(picture.height * WIDEST_PX / picture.width)
        picture = picture.resize((WIDEST_PX, height), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(buffer, format="PNG", compress_level=6)
    return buffer.getvalue()


def save_picture(figure: Figure, path_stem: Path) -> bytes:
    """Write a figure as PNG, SVG and PDF and return it as documents carry it; can be sent to another process."""
    path = save_figure(figure, path_stem)[0]
    plt.close(figure)
    return shrink_picture(path)
