"""Stage 6b: the model of one scenario, from which minutes, surfaces and verdicts come when they are asked for.

A whole run (`Study.run`) asks for all of them; a comparison of a thousand scenarios asks each only for what it needs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.measures.coverage import judge_coverage
from sim.measures.evidence import gather_evidence
from sim.measures.journey_times import journey_times
from sim.measures.people_spread import tabulate_people_spread
from sim.measures.reach import REACH_COLUMNS, count_reach
from sim.measures.targets import READINGS, Target, judge_targets
from sim.network.network import Network
from sim.region.region import Region
from sim.scenario.scenario import Scenario
from sim.study_file import StudyFile
from sim.times.door_to_door import DoorToDoor, Surfaces, link_stations
from sim.times.rides import Rides, solve_rides
from sim.times.road_graph import RoadGraph, place_node, place_nodes
from sim.times.road_minutes import RoadMinutes
from sim.times.transit import compile_access

__all__ = ["ScenarioModel", "build_model", "solve_scenario_rides"]


@dataclass(frozen=True)
class ScenarioModel:
    """One scenario, ready to be asked.

    Attributes
    ----------
    network, hops : the network of the scenario and the running times of every hop of every service.
    travel : the door-to-door model.
    region, file : of the study.
    """

    scenario: Scenario
    network: Network
    hops: pd.DataFrame
    travel: DoorToDoor
    region: Region
    file: StudyFile

    def city_times(self) -> pd.DataFrame:
        """Return minutes door to door between all cities, columns as city_times.csv."""
        return self._city_times.copy()

    @cached_property
    def _city_times(self) -> pd.DataFrame:
        cities = self.region.cities
        return self.travel.city_times(list(cities["city_id"]), _nodes_of(self.travel.graph, cities))

    def surfaces(self, place_id: str) -> Surfaces:
        """Return minutes from a place to every cell.

        Raises
        ------
        InputError: there is no such place.
        """
        place = self.region.place(place_id)
        return self.travel.surfaces_from(place_node(self.travel.graph, place.lon, place.lat))

    def reach(self, surfaces: Mapping[str, Surfaces]) -> pd.DataFrame:
        """Return people, area and seats within each cut-off of places, columns as reach.csv."""
        tables = {"cities": self.region.cities, "counties": self.region.counties}
        seats = {kind: _cells_of(self.travel.graph, frame) for kind, frame in tables.items()}
        parts = [
            count_reach(place_id, vars(surface), self.region.grid, seats, self.file.cutoffs_min)
            for place_id, surface in surfaces.items()
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(REACH_COLUMNS))

    def people_spread(self, surfaces: Mapping[str, Surfaces]) -> pd.DataFrame:
        """Return people within reach on the grid and with all of a county at its seat, columns as people_spread.csv."""
        counties = self.region.counties
        best = {place_id: surface.best for place_id, surface in surfaces.items()}
        return tabulate_people_spread(best, self.region.grid, counties, _cells_of(self.travel.graph, counties))

    def judge(
        self, target_ids: Collection[str] | None = None, readings: Collection[str] | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the verdicts on targets and, behind them, each destination (see `judge_targets`).

        Parameters
        ----------
        target_ids, readings : which; all by default. Without door_to_door a verdict takes milliseconds.

        Raises
        ------
        InputError: an unknown target or reading.
        """
        targets = _choose_targets(self.file.targets, target_ids, readings)
        evidence = gather_evidence(
            targets,
            self.travel,
            self.network,
            self.region,
            city_times=self._city_times,
            people_sample=self.scenario.assumptions.people_sample,
        )
        return judge_targets(targets, evidence)

    def judge_coverage(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the verdicts on the rules of access to the nearest and, behind them, each seat (see `judge_coverage`)."""
        return judge_coverage(self.file.coverage, self.travel, self.network, self.region)

    def journey_times(self) -> pd.DataFrame:
        """Return minutes door to door of the journeys that the study asks for, columns as journey_times.csv."""
        return journey_times(self.file.journeys, self.travel, self.region)


def build_model(
    scenario: Scenario,
    network: Network,
    hops: pd.DataFrame,
    rides: Rides,
    roads: RoadMinutes,
    region: Region,
    file: StudyFile,
) -> ScenarioModel:
    """Return the model of a scenario from its trains and its roads."""
    assumptions = scenario.assumptions
    travel = DoorToDoor(
        graph=roads.graph,
        rides=rides,
        stations=link_stations(roads.graph, rides, network.stations),
        station_time_min=assumptions.station_time_min,
        arrival_time_min=assumptions.arrival_time_min,
        limit_min=assumptions.surface_limit_min,
        shared_roads=roads,
        access=compile_access(region, network, assumptions, roads),
    )
    return ScenarioModel(scenario, network, hops, travel, region, file)


def solve_scenario_rides(network: Network, hops: pd.DataFrame, scenario: Scenario) -> Rides:
    """Return the rides of a scenario: its services under its wait rule; without a service, one station and no rides."""
    assumptions = scenario.assumptions
    stations = None if len(network.services) else tuple(network.stations["station_id"].head(1))
    return solve_rides(
        network.services,
        network.service_stops,
        hops,
        network.changes,
        wait_rule=assumptions.wait_rule,
        wait_cap_min=assumptions.wait_cap_min,
        wait_beyond_cap_share=assumptions.wait_beyond_cap_share,
        service_day_min=assumptions.service_day_min,
        change_min=assumptions.change_min,
        max_changes=assumptions.max_changes,
        station_ids=stations,
    )


def _choose_targets(
    targets: Mapping[str, Target], target_ids: Collection[str] | None, readings: Collection[str] | None
) -> dict[str, Target]:
    """Return the targets that are asked for, each with the readings that are asked for."""
    problems = [
        f"no target '{target_id}'{did_you_mean(target_id, targets)}"
        for target_id in target_ids or ()
        if target_id not in targets
    ]
    problems += [
        f"no reading '{reading}'{did_you_mean(reading, READINGS)}"
        for reading in readings or ()
        if reading not in READINGS
    ]
    if problems:
        raise InputError(problems)
    chosen = targets if target_ids is None else {target_id: targets[target_id] for target_id in target_ids}
    if readings is None:
        return dict(chosen)
    kept = {key: tuple(r for r in target.readings if r in readings) for key, target in chosen.items()}
    return {key: target.model_copy(update={"readings": kept[key]}) for key, target in chosen.items() if kept[key]}


def _nodes_of(graph: RoadGraph, places: pd.DataFrame) -> list[int]:
    """Return the node of each row of a table with lon and lat."""
    return [int(node) for node in place_nodes(graph, places["lon"], places["lat"])]


def _cells_of(graph: RoadGraph, places: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the rows and columns of the cells in which the rows of a table with lon and lat lie."""
    cells = np.array([graph.node_cell(node) for node in _nodes_of(graph, places)], dtype=np.int64).reshape(-1, 2)
    return cells[:, 0], cells[:, 1]
