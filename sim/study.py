"""Stage 6: the only wiring: a study is read whole, checked whole, and run scenario by scenario."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, SimError, did_you_mean
from sim.measures.invariants import check_invariants
from sim.measures.reach import count_reach
from sim.measures.result import Result
from sim.measures.route import Route, find_end, find_route
from sim.measures.targets import Evidence, Target, judge_targets, station_readings
from sim.network.network import Network, read_network
from sim.network.toml_files import read_toml
from sim.region.region import Region, read_region
from sim.region.sample import sample_people
from sim.scenario.apply import apply_projects
from sim.scenario.changes import Add
from sim.scenario.project import Project, read_projects
from sim.scenario.scenario import Scenario, merge_scenarios
from sim.study_file import StudyFile, check_places, find_network
from sim.times.door_to_door import DoorToDoor, PairMinutes, Surfaces, link_stations
from sim.times.rides import Rides, solve_rides
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import RoadGraph, place_node
from sim.times.running_time import hop_times
from sim.times.scenario_roads import compile_road_minutes, roads_key

__all__ = ["Study", "read_study"]

Report = Callable[[str], None]
STAGES = ("network", "rail", "roads", "cities", "surfaces", "targets")


@dataclass(frozen=True)
class Study:
    """A study as read: its page, network, land and people, projects and merged scenarios."""

    study_id: str
    folder: Path
    file: StudyFile
    network: Network
    region: Region
    projects: Mapping[str, Project]
    scenarios: Mapping[str, Scenario]
    _roads: dict[str, RoadMinutes] = field(default_factory=dict, repr=False, compare=False)

    def scenario(self, scenario_id: str) -> Scenario:
        """Return a scenario by its id.

        Raises
        ------
        InputError: there is no such scenario.
        """
        if scenario_id not in self.scenarios:
            known = did_you_mean(scenario_id, self.scenarios) or f"; there are {', '.join(self.scenarios)}"
            raise InputError(f"no scenario '{scenario_id}' in study '{self.study_id}'{known}")
        return self.scenarios[scenario_id]

    def network_of(self, scenario_id: str) -> Network:
        """Return the network of a scenario: the base as of its year, with its projects built."""
        scenario = self.scenario(scenario_id)
        chosen = [self.projects[project_id] for project_id in scenario.projects]
        return apply_projects(self.network, chosen, year=scenario.year)

    def run(self, scenario_id: str, *, report: Report = lambda _: None) -> Result:
        """Run one scenario and return everything it computes.

        Parameters
        ----------
        report : is told the name of each of `STAGES` as it begins.

        Raises
        ------
        InputError, ScenarioError: as `network_of`.
        """
        scenario = self.scenario(scenario_id)
        clock = _Clock(report)
        network, hops, travel = self._prepare(scenario_id, clock)
        clock.start("cities")
        city_times = self._city_times(travel)
        clock.start("surfaces")
        surfaces = {place_id: travel.surfaces_from(self._node(travel.graph, place_id)) for place_id in self.file.places}
        reach = self._reach(travel.graph, surfaces)
        clock.start("targets")
        targets, target_cities = judge_targets(self.file.targets, self._evidence(travel, network, city_times, scenario))
        clock.stop()
        result = Result(
            study_id=self.study_id,
            study_folder=self.folder,
            scenario=scenario,
            network=network,
            base_lines=frozenset(self.network.lines["line_id"]),
            region=self.region,
            projects={project_id: self.projects[project_id] for project_id in scenario.projects},
            hops=hops,
            travel=travel,
            station_times=travel.rides.station_times(),
            city_times=city_times,
            surfaces=surfaces,
            reach=reach,
            targets=targets,
            target_cities=target_cities,
            cutoffs_min=self.file.cutoffs_min,
            close_ups=self.file.close_ups,
            timings_s=clock.timings_s,
        )
        return result.with_invariants(check_invariants(result))

    def notes(self, scenario_id: str) -> list[str]:
        """Return what a reader of a scenario should know: projects on before their time, or off though due."""
        scenario = self.scenario(scenario_id)
        notes = []
        for project_id, project in self.projects.items():
            opens, on = project.card.opens, project_id in scenario.projects
            latest = opens.latest or opens.central
            if on and opens.central.year > scenario.year:
                notes.append(f"{project_id} is on in {scenario.year}, expected {opens.central}")
            elif on and latest.year > scenario.year:
                notes.append(
                    f"{project_id} is on in {scenario.year}, expected {opens.central} but perhaps only {latest}"
                )
            elif not on and project.card.status in {"open", "building"} and opens.central.year <= scenario.year:
                notes.append(f"{project_id} is off in {scenario.year}, though expected {opens.central}")
        return notes

    def station_times(self, scenario_id: str) -> pd.DataFrame:
        """Return minutes by train between stations in a scenario, columns as station_times.csv, without running it all."""
        network = self.network_of(scenario_id)
        return _solve_rides(network, hop_times(network), self.scenario(scenario_id)).station_times()

    def city_times(self, scenario_id: str) -> pd.DataFrame:
        """Return minutes door to door between cities in a scenario, columns as city_times.csv, without running it all."""
        return self._city_times(self._prepare(scenario_id, _Clock(lambda _: None))[2])

    def find_route(self, scenario_id: str, from_: str, to: str) -> Route:
        """Return the fastest journey door to door in a scenario, leg by leg, without running it all.

        Parameters
        ----------
        from_, to : a place id, a station id, or "lon,lat".

        Raises
        ------
        InputError: an end is unknown. NoRouteError: there is no way between them.
        """
        stations = self.network_of(scenario_id).stations
        start, end = (find_end(text, self.region, stations) for text in (from_, to))
        network, _, travel = self._prepare(scenario_id, _Clock(lambda _: None))
        return find_route(travel, start, end, network)

    def _prepare(self, scenario_id: str, clock: "_Clock") -> tuple[Network, pd.DataFrame, DoorToDoor]:
        """Return the network of a scenario, the running times of its services, and its door-to-door model."""
        scenario = self.scenario(scenario_id)
        clock.start("network")
        network = self.network_of(scenario_id)
        clock.start("rail")
        hops = hop_times(network)
        rides = _solve_rides(network, hops, scenario)
        clock.start("roads")
        roads = self._road_graph(network, scenario)
        travel = _door_to_door(roads.graph, rides, network, scenario)
        return network, hops, replace(travel, shared_roads=roads)

    def _city_times(self, travel: DoorToDoor) -> pd.DataFrame:
        cities = self.region.cities
        return travel.city_times(list(cities["city_id"]), _nodes_of(travel.graph, cities))

    def _road_graph(self, network: Network, scenario: Scenario) -> RoadMinutes:
        """Return the compiled roads of a scenario and the minutes on them, one for all scenarios with the same roads."""
        key = roads_key(network, scenario.assumptions)
        if key not in self._roads:
            self._roads.clear()  # scenarios come in an order in which roads rarely return; keep memory small
            self._roads[key] = compile_road_minutes(
                self.region.grid, network, scenario.assumptions, self._station_points()
            )
        return self._roads[key]

    def _station_points(self) -> pd.DataFrame:
        """Return lon and lat of the stations of the base network, of any year, and of all projects."""
        changes = (change for project in self.projects.values() for change in project.changes)
        rows = [dict(change.row) for change in changes if isinstance(change, Add) and change.table == "stations"]
        points = self.network.stations[["lon", "lat"]]
        return pd.concat([points, pd.DataFrame(rows)[["lon", "lat"]]], ignore_index=True) if rows else points

    def _node(self, graph: RoadGraph, place_id: str) -> int:
        place = self.region.place(place_id)
        return place_node(graph, place.lon, place.lat)

    def _reach(self, graph: RoadGraph, surfaces: Mapping[str, Surfaces]) -> pd.DataFrame:
        tables = {"cities": self.region.cities, "counties": self.region.counties}
        seats = {kind: _cells_of(graph, frame) for kind, frame in tables.items()}
        parts = [
            count_reach(place_id, vars(surface), self.region.grid, seats, self.file.cutoffs_min)
            for place_id, surface in surfaces.items()
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def _evidence(
        self, travel: DoorToDoor, network: Network, city_times: pd.DataFrame, scenario: Scenario
    ) -> dict[str, Evidence]:
        """Gather what each target is judged by; pairs of people are counted once per origin."""
        destinations = {target_id: self._destinations(target) for target_id, target in self.file.targets.items()}
        mains = network.stations[network.stations["rank"] == "main"]
        main_stations = mains.groupby("city_id")["station_id"].apply(list).to_dict()
        pairs: dict[str, PairMinutes] = {}
        evidence = {}
        population = self.region.people_by("city_id")
        for target_id, target in self.file.targets.items():
            origin, to_ids = target.from_, destinations[target_id]
            if origin not in pairs:
                wanted = {d for t, ds in destinations.items() if self.file.targets[t].from_ == origin for d in ds}
                pairs[origin] = self._pairs(travel, origin, sorted(wanted), scenario)
            times = city_times[(city_times["from_id"] == origin) & city_times["to_id"].isin(to_ids)]
            evidence[target_id] = Evidence(
                stations=station_readings(travel.rides, main_stations, origin, to_ids),
                city_times=times,
                pairs=pairs[origin].of(to_ids),
                population={to_id: float(population[to_id]) for to_id in to_ids},
            )
        return evidence

    def _pairs(self, travel: DoorToDoor, origin: str, to_ids: list[str], scenario: Scenario) -> PairMinutes:
        """Count the pairs of people between an origin city and destination cities, by minutes."""
        region = self.region
        cells = sample_people(region, origin, scenario.assumptions.people_sample)
        nodes = [place_node(travel.graph, *region.grid.lonlat(row, column)) for row, column in cells]
        membership = np.full(region.grid.shape, -1, dtype=np.int64)
        for k, to_id in enumerate(to_ids):
            membership[region.cells_of(to_id)] = k
        return travel.pair_minutes(nodes, to_ids, membership, region.grid.population)

    def _destinations(self, target: Target) -> list[str]:
        """Return the cities a target is about, its origin left out."""
        members = list(target.to) if target.to else self.region.cities_of_set(target.to_set)
        return [city for city in members if city != target.from_]


def read_study(folder: "Path | str") -> Study:
    """Read a study with its network, region, projects and scenarios, and check that everything fits together.

    Raises
    ------
    InputError: with every problem found in any of the files.
    """
    folder = Path(folder)
    if not (folder / "study.toml").exists():
        raise InputError(f"{folder}: there is no study.toml in this folder")
    problems: list[str] = []
    file = read_toml(folder / "study.toml", StudyFile)
    projects = _attempt(problems, read_projects, folder / "projects") or {}
    known = {path.stem for path in (folder / "projects").glob("*.toml")}
    scenarios = _attempt(problems, merge_scenarios, file.scenarios, file.assumptions, known) or {}
    network_folder = find_network(folder, file.network)
    network = _attempt(problems, read_network, network_folder)
    region = _attempt(problems, read_region, network_folder, network) if network is not None else None
    if region is not None:
        problems.extend(check_places(file, region))
    if problems or network is None or region is None:
        raise InputError(list(dict.fromkeys(problems)))
    study = Study(folder.resolve().name, folder, file, network, region, projects, scenarios)
    for scenario_id in scenarios:
        try:
            study.network_of(scenario_id)
        except SimError as error:
            problems.extend(f"scenario '{scenario_id}': {sentence}" for sentence in error.problems)
    if problems:
        raise InputError(problems)
    return study


def _attempt(problems: list[str], function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; on a SimError collect its problems and return None, so that all parts are read."""
    try:
        return function(*arguments)
    except SimError as error:
        problems.extend(error.problems)
        return None


def _solve_rides(network: Network, hops: pd.DataFrame, scenario: Scenario) -> Rides:
    assumptions = scenario.assumptions
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
    )


def _door_to_door(graph: RoadGraph, rides: Rides, network: Network, scenario: Scenario) -> DoorToDoor:
    assumptions = scenario.assumptions
    return DoorToDoor(
        graph=graph,
        rides=rides,
        stations=link_stations(graph, rides, network.stations),
        station_time_min=assumptions.station_time_min,
        arrival_time_min=assumptions.arrival_time_min,
        limit_min=assumptions.surface_limit_min,
    )


def _nodes_of(graph: RoadGraph, places: pd.DataFrame) -> list[int]:
    """Return the node of each row of a table with lon and lat."""
    return [place_node(graph, lon, lat) for lon, lat in zip(places["lon"], places["lat"], strict=True)]


def _cells_of(graph: RoadGraph, places: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the rows and columns of the cells in which the rows of a table with lon and lat lie."""
    cells = np.array([graph.node_cell(node) for node in _nodes_of(graph, places)], dtype=np.int64).reshape(-1, 2)
    return cells[:, 0], cells[:, 1]


class _Clock:
    """Tells each stage as it begins and keeps how long it took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._stage = ""
        self._began = time.perf_counter()
        self.timings_s: dict[str, float] = {}

    def start(self, stage: str) -> None:
        """Begin a stage and end the one before."""
        self.stop()
        self._stage, self._began = stage, time.perf_counter()
        self._report(stage)

    def stop(self) -> None:
        """End the stage under way."""
        if self._stage:
            self.timings_s[self._stage] = round(time.perf_counter() - self._began, 3)
        self._stage = ""
