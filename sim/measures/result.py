"""Stage 4d: everything one scenario's run has computed, held together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.measures.isochrones import isochrone_polygons
from sim.measures.route import Route, find_end, find_route
from sim.network.network import Network
from sim.region.region import Region
from sim.scenario.project import Project
from sim.scenario.scenario import Scenario
from sim.times.door_to_door import DoorToDoor, Surfaces

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Mode", "Result", "isochrones"]

Mode = Literal["best", "rail", "road"]


@dataclass(frozen=True)
class Result:
    """One scenario as run. Tables have the columns of the published files; treat all of it as read-only.

    Attributes
    ----------
    study_id, scenario, projects : what was run; the projects that are on, by id.
    made_from : one SHA-256 of everything that the numbers depend on, as it was when the study was read.
    inputs_sha256 : of every file of the run at that time, by name.
    base_lines : the lines of the base network, so that maps can tell what a project adds.
    network, region : the network of the scenario, and land, people and places.
    hops : running times of every hop of every service.
    travel : door-to-door model (road graph, rides, stations) from which any further minutes come.
    station_times, city_times, reach, people_spread, targets : as the files of the same names.
    target_cities : each target's reading by destination.
    coverage, coverage_seats : the rules of access to the nearest, and each seat behind them.
    journey_times : minutes of the journeys that the study asks for.
    surfaces : minutes to every cell by place.
    polygons : isochrones of each place by the best mode at the study's cut-offs (see `isochrone_polygons`).
    cutoffs_min, close_ups : of the study.
    timings_s : seconds by stage.
    invariants : what was checked, and whether it held.
    """

    study_id: str
    made_from: str
    inputs_sha256: Mapping[str, str]
    scenario: Scenario
    projects: Mapping[str, Project]
    base_lines: frozenset[str]
    network: Network
    region: Region
    hops: pd.DataFrame
    travel: DoorToDoor
    station_times: pd.DataFrame
    city_times: pd.DataFrame
    surfaces: Mapping[str, Surfaces]
    polygons: Mapping[str, gpd.GeoDataFrame]
    reach: pd.DataFrame
    people_spread: pd.DataFrame
    targets: pd.DataFrame
    target_cities: pd.DataFrame
    coverage: pd.DataFrame
    coverage_seats: pd.DataFrame
    journey_times: pd.DataFrame
    cutoffs_min: tuple[float, ...]
    close_ups: tuple[str, ...]
    timings_s: Mapping[str, float]
    invariants: Mapping[str, bool] = field(default_factory=dict)

    def surface(self, place_id: str, mode: Mode = "best") -> npt.NDArray[np.float32]:
        """Return minutes from a place of the study to every cell, (n_rows, n_columns), NaN where unreachable.

        Raises
        ------
        InputError: the study computes no surface for this place.
        """
        if place_id not in self.surfaces:
            near = did_you_mean(place_id, self.surfaces) or f"; there are {', '.join(self.surfaces)}"
            raise InputError(f"no surface for place '{place_id}' (study.toml: places){near}")
        values: npt.NDArray[np.float32] = getattr(self.surfaces[place_id], mode)
        return values

    def route(self, from_: str, to: str) -> Route:
        """Return the fastest journey door to door, leg by leg.

        Parameters
        ----------
        from_, to : a place id, a station id, or "lon,lat".

        Raises
        ------
        InputError: an end is unknown. NoRouteError: there is no way between them.
        """
        start, end = (find_end(text, self.region, self.network.stations) for text in (from_, to))
        return find_route(self.travel, start, end, self.network)

    def to_networkx(self, kind: Literal["lines", "rides", "roads"]) -> "nx.Graph[Any]":
        """Return the line network, the ride graph or the road graph with named attributes, for any analysis."""
        # networkx takes 0.13 s to load and is rarely asked for, so what makes its graphs is imported here.
        if kind == "lines":
            lines: nx.Graph[Any] = import_module("sim.measures.line_graph").build_line_graph(self.network)
            return lines
        if kind == "rides":
            return self.travel.rides.to_networkx()
        if kind == "roads":
            roads: nx.Graph[Any] = import_module("sim.times.road_networkx").to_networkx(self.travel.graph)
            return roads
        raise InputError(f"no graph '{kind}'; there are lines, rides, roads")

    def with_invariants(self, invariants: Mapping[str, bool]) -> "Result":
        """Return the result with the outcome of its checks."""
        return replace(self, invariants=invariants)


def isochrones(
    result: Result, place_id: str, cutoffs_min: Sequence[float] = (60, 120), mode: Mode = "best"
) -> gpd.GeoDataFrame:
    """Return the isochrone polygons of a place: cutoff_min, population, area_km2, geometry (see `isochrone_polygons`)."""
    return isochrone_polygons(result.surface(place_id, mode), result.region.grid, cutoffs_min)
