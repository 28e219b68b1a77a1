"""Last stage, the maps of a run: which sheets there are, and what each needs to be drawn."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

from sim.measures.result import Result
from sim.present.isochrone_maps import Bbox
from sim.present.map_jobs import MapJob, draw_job
from sim.present.place_maps import find_reach
from sim.present.result_layers import base_of, close_up_of, layers_of, origin_of, text_of

__all__ = ["save_result_maps"]


def save_result_maps(
    result: Result,
    folder: Path,
    *,
    places: Collection[str] | None = None,
    executor: Executor | None = None,
    formats: Sequence[str] = ("png", "svg"),
) -> list[Path]:
    """Write the isochrone maps of a study's places and return the files.

    Each place gets a map of the whole study land, and those that the study lists in `close_ups` one of their surroundings.
    A study without land polygons (a tiny network) has no maps.

    Parameters
    ----------
    places : only maps of these; of all places by default.
    executor : draws several at a time; a process pool, since drawing holds the interpreter.
    """
    if result.region.land is None or result.region.water is None:
        return []
    chosen = [place_id for place_id in result.surfaces if places is None or place_id in places]
    jobs = (job for place_id in chosen for job in _list_jobs(result, place_id, folder, tuple(formats)))
    run = map if executor is None else executor.map
    return [path for paths in run(draw_job, jobs) for path in paths]


def _list_jobs(result: Result, place_id: str, folder: Path, formats: tuple[str, ...]) -> Iterator[MapJob]:
    """Return the sheets of one place."""
    region = result.region
    views: dict[str, Bbox | None] = {"delta": None}
    if place_id in result.close_ups:
        views["near"] = close_up_of(region, place_id)
    for name, bbox in views.items():
        yield MapJob(
            minutes=result.surface(place_id),
            base=base_of(region),
            layers=layers_of(result, bbox=bbox),
            origin=origin_of(region, place_id),
            text=text_of(result, title=find_reach(result, place_id)),
            bbox=bbox,
            cutoffs_min=result.cutoffs_min,
            path_stem=folder / f"isochrones_{place_id}_{name}",
            formats=formats,
        )
