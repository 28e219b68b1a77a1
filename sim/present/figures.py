"""Last stage, the files of figures: PNG at 300 dpi, SVG and PDF, the same bytes for the same figure; the maps of a run."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from PIL import Image

from sim.measures.result import Result
from sim.present.base_map import BaseMap
from sim.present.furniture import MapText
from sim.present.isochrone_maps import Bbox, draw_isochrone_map
from sim.present.layers import MapLayers, Place
from sim.present.place_maps import find_reach
from sim.present.result_layers import base_of, close_up_of, layers_of, origin_of, text_of
from sim.present.style import HEAVY_CUTOFFS_MIN, map_style

__all__ = ["save_figure", "save_result_maps", "save_small_picture"]

# Dates and program versions would make two runs differ.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
DPI = 300
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
            figure.savefig(path, dpi=DPI, metadata=METADATA[suffix])
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


@dataclass(frozen=True)
class MapJob:
    """One sheet to be drawn and saved: what `draw_isochrone_map` takes, and where the files go."""

    minutes: npt.NDArray[np.float64]
    base: BaseMap
    layers: MapLayers
    origin: Place
    text: MapText
    bbox: Bbox | None
    cutoffs_min: tuple[float, ...]
    path_stem: Path


def save_result_maps(
    result: Result, folder: Path, *, executor: Executor | None = None, formats: Sequence[str] = ("png", "svg")
) -> list[Path]:
    """Write the isochrone maps of a study's places and return the files.

    Each place gets a map of the whole study land, and those that the study lists in `close_ups` one of their surroundings.
    A study without land polygons (a tiny network) has no maps.

    Parameters
    ----------
    executor : draws several at a time; a process pool, since drawing holds the interpreter.
    """
    region = result.region
    if region.land is None or region.water is None:
        return []
    jobs = []
    for place_id in result.surfaces:
        views: dict[str, Bbox | None] = {"delta": None}
        if place_id in result.close_ups:
            views["near"] = close_up_of(region, place_id)
        jobs += [
            MapJob(
                minutes=result.surface(place_id).astype("float64"),
                base=base_of(region),
                layers=layers_of(result, bbox=bbox),
                origin=origin_of(region, place_id),
                text=text_of(result, title=find_reach(result, place_id)),
                bbox=bbox,
                cutoffs_min=result.cutoffs_min,
                path_stem=folder / f"isochrones_{place_id}_{name}",
            )
            for name, bbox in views.items()
        ]
    run = map if executor is None else executor.map
    return [path for paths in run(_draw, jobs, [tuple(formats)] * len(jobs)) for path in paths]


def _draw(job: MapJob, formats: tuple[str, ...]) -> list[Path]:
    figure = draw_isochrone_map(
        minutes=job.minutes,
        base=job.base,
        layers=job.layers,
        origin=job.origin,
        text=job.text,
        bbox=job.bbox,
        cutoffs_min=job.cutoffs_min,
        heavy_min=[cutoff for cutoff in HEAVY_CUTOFFS_MIN if cutoff in job.cutoffs_min],
    )
    return save_figure(figure, job.path_stem, formats)
