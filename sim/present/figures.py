"""Last stage, the files of figures: PNG at 300 dpi, SVG and PDF, the same bytes for the same figure."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from sim.present.lettering import map_style

__all__ = ["save_figure", "save_small_picture"]

# Dates and program versions would make two runs differ.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
DPI = 300
# Level 3 packs a sheet in half the time of the usual 6 and makes it 1 % larger.
PACKING: dict[str, dict[str, Any]] = {"png": {"pil_kwargs": {"compress_level": 3}}}
SMALL_WIDTH_PX, SMALL_COLOURS = 1000, 96


def save_figure(figure: Figure, path_stem: Path, formats: Sequence[str] = ("png", "svg", "pdf")) -> list[Path]:
    """Write a figure as PNG (300 dpi), SVG and PDF (surfaces as images, text in SVG as outlines).

    The same figure gives the same bytes.

    Returns
    -------
    list of Path
        The files written, in the order of `formats`.
    """
    paths = []
    path_stem.parent.mkdir(parents=True, exist_ok=True)
    with map_style():
        for suffix in formats:
            path = path_stem.with_name(f"{path_stem.name}.{suffix}")
            figure.savefig(path, dpi=DPI, metadata=METADATA[suffix], **PACKING.get(suffix, {}))
            paths.append(path)
    return paths


def save_small_picture(figure: Figure, path: Path, *, width_px: int = SMALL_WIDTH_PX) -> Path:
    """Write a figure as a PNG of few bytes for a web page: so many pixels wide, with a palette; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with map_style(), BytesIO() as buffer:
        figure.savefig(buffer, dpi=width_px / figure.get_size_inches()[0], metadata=METADATA["png"], format="png")
        picture = Image.open(buffer).convert("RGB")
    pixels = np.asarray(picture).reshape(-1, 3)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    # The commonest colours are those of flat areas and lines: kept exactly, they draw the soft edges between them too.
    # A strong colour is seen sooner than a grey: a thin purple line must not go for one more shade of paper.
    weights = counts * (1.0 + np.ptp(colours.astype(int), axis=1) / 4.0)
    commonest = colours[np.argsort(-weights, kind="stable")][:SMALL_COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette(commonest.ravel().tolist())
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)
    return path
