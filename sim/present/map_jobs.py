"""Last stage, the maps of a run, in a process that draws: one sheet at a time, from what its job holds.

Nothing here or in what it imports knows the model: a process that only draws is ready sooner.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.present.base_map import BaseMap
from sim.present.figures import save_figure
from sim.present.furniture import MapText
from sim.present.isochrone_maps import Bbox, draw_isochrone_map
from sim.present.layers import MapLayers, Place
from sim.present.style import HEAVY_CUTOFFS_MIN

__all__ = ["MapJob", "draw_job"]


@dataclass(frozen=True)
class MapJob:
    """One sheet to be drawn and saved: what `draw_isochrone_map` takes, and where the files go."""

    minutes: npt.NDArray[np.float32]
    base: BaseMap
    layers: MapLayers
    origin: Place
    text: MapText
    bbox: Bbox | None
    cutoffs_min: tuple[float, ...]
    path_stem: Path
    formats: tuple[str, ...]


def draw_job(job: MapJob) -> list[Path]:
    """Draw a sheet, save it in each of its formats, and return the files."""
    figure = draw_isochrone_map(
        minutes=job.minutes.astype(np.float64),
        base=job.base,
        layers=job.layers,
        origin=job.origin,
        text=job.text,
        bbox=job.bbox,
        cutoffs_min=job.cutoffs_min,
        heavy_min=[cutoff for cutoff in HEAVY_CUTOFFS_MIN if cutoff in job.cutoffs_min],
    )
    return save_figure(figure, job.path_stem, job.formats)
