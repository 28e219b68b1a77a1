"""Stage 3c, between runs: compiled roads, which are read from the cache in a tenth of the time that compiling takes.

Their key is the content of all that they are compiled from, the program that compiles them included.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from sim.network.network import Network
from sim.region.grid import Grid
from sim.times import bucket_queue, congestion, road_graph, road_links, roads
from sim.times.bucket_queue import PreparedGraph
from sim.times.road_cache import Arrays, RoadCache, content_key
from sim.times.road_graph import RoadGraph

__all__ = ["keep_roads"]

SMALLEST_KEPT_CELLS = 50_000
"""Smaller land is compiled in no time."""
COMPILED_BY = (bucket_queue, congestion, road_graph, road_links, roads)
LABELS = ("kind", "link_id", "name", "ref", "road_class", "structure")
NUMBERS = ("bucket_min", "longest_min")
_END = "\x1f"
"""Ends each text of a column; the names of no road hold it."""


def keep_roads(
    kept: RoadCache, grid: Grid, network: Network, roads_key: str, compile_anew: Callable[[], RoadGraph]
) -> RoadGraph:
    """Return the compiled roads of a network, from the cache or compiled now and kept.

    Parameters
    ----------
    roads_key : of the tables and assumptions, see `scenario_roads.roads_key`; the surveyed roads and the land are added here.
    """
    if grid.is_land.size < SMALLEST_KEPT_CELLS:
        return compile_anew()
    land = (grid.crs, grid.west_m, grid.north_m, grid.cell_m, grid.county, grid.moves, grid.population)
    surveyed = (*_content_of(network.road_links), *_content_of(network.road_nodes))
    key = content_key("compiled", _program(), roads_key, *land, *surveyed)
    arrays = kept.load(key)
    if arrays is not None:
        return _unpack(arrays, grid)
    graph = compile_anew()
    kept.store(key, _pack(graph))
    return graph


@cache
def _program() -> str:
    """Return a hash of the program that compiles roads: a change of it makes other roads."""
    return content_key(*(Path(str(module.__file__)).read_text(encoding="utf-8") for module in COMPILED_BY))


def _content_of(frame: pd.DataFrame) -> list[npt.NDArray[np.generic]]:
    """Return the content of a table of surveyed roads as arrays."""
    parts: list[npt.NDArray[np.generic]] = []
    for name in frame.columns:
        if name == "geometry":
            shapes = frame["geometry"].to_numpy()
            parts += [shapely.get_num_coordinates(shapes), shapely.get_coordinates(shapes)]
        else:
            parts.append(np.asarray(pd.util.hash_array(frame[name].to_numpy())))
    return parts


def _pack(graph: RoadGraph) -> Arrays:
    arrays = {name: np.asarray(value) for name, value in graph.prepared._asdict().items()}
    arrays |= {"link_km": graph.link_km, "link_label": graph.link_label}
    arrays |= {f"label_{name}": _as_bytes(graph.labels[name]) for name in LABELS}
    arrays |= {name: graph.nodes[name].to_numpy(dtype=np.float64) for name in ("lon", "lat")}
    return arrays | {"node_name": _as_bytes(graph.nodes["name"])}


def _unpack(kept: Arrays, grid: Grid) -> RoadGraph:
    # Copies, which begin where arrays begin; to the kernels others are of another type, for which they are compiled anew.
    arrays = {name: np.array(array) for name, array in kept.items()}
    prepared: dict[str, Any] = {name: arrays[name] for name in PreparedGraph._fields}
    for array in prepared.values():
        array.setflags(write=False)
    numbers = {name: np.float32(arrays[name].item()) for name in NUMBERS}
    nodes = {"lon": arrays["lon"], "lat": arrays["lat"], "name": _as_texts(arrays["node_name"])}
    return RoadGraph(
        grid=grid,
        prepared=PreparedGraph(**(prepared | numbers)),
        link_km=arrays["link_km"],
        link_label=arrays["link_label"],
        labels=pd.DataFrame({name: _as_texts(arrays[f"label_{name}"]) for name in LABELS}),
        nodes=pd.DataFrame(nodes),
    )


def _as_bytes(texts: "pd.Series[str]") -> npt.NDArray[np.uint8]:
    return np.frombuffer("".join(f"{text}{_END}" for text in texts).encode(), dtype=np.uint8)


def _as_texts(content: npt.NDArray[np.generic]) -> list[str]:
    return content.tobytes().decode().split(_END)[:-1]
