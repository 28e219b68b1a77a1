"""Stage 6c: the only wiring: a study is read whole, checked whole, and run scenario by scenario."""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pandas as pd

from sim.errors import InputError, SimError, did_you_mean
from sim.measures.invariants import check_invariants
from sim.measures.isochrones import isochrone_polygons
from sim.measures.result import Result
from sim.measures.route import Route, find_end, find_route
from sim.model import ScenarioModel, build_model, solve_scenario_rides
from sim.network.network import Network, NetworkFile, read_network
from sim.network.toml_files import read_toml
from sim.present.run_inputs import StudyInputs, hash_study_inputs, identify_run
from sim.region.region import Region, read_region
from sim.scenario.apply import apply_projects
from sim.scenario.changes import Add
from sim.scenario.generated import check_generated, generate_scenario, list_generated
from sim.scenario.project import Project, read_projects
from sim.scenario.scenario import Scenario, merge_scenarios, vary_scenario
from sim.study_file import StudyFile, check_places, find_network
from sim.times.door_to_door import Surfaces
from sim.times.road_checks import check_roads_of_study
from sim.times.road_graph import RoadGraph, find_nodes
from sim.times.road_minutes import RoadMinutes
from sim.times.roads_beside import BaseRoads
from sim.times.running_time import hop_times
from sim.times.scenario_roads import compile_road_minutes, roads_key

__all__ = ["Study", "read_study"]

Report = Callable[[str], None]
STAGES = ("network", "roads", "rail", "cities", "surfaces", "targets", "isochrones")


class _Roads:
    """The road minutes of the last roads that were asked for; threads that ask at once compile them once."""

    def __init__(self) -> None:
        self.base: BaseRoads | None = None
        self._lock = threading.Lock()
        self._key = ""
        self._minutes: RoadMinutes | None = None

    def __reduce__(self) -> tuple[type["_Roads"], tuple[()]]:
        """Pickle nothing: where a study is sent, its roads are found on disk or compiled again."""
        return _Roads, ()

    def get(self, key: str, compile_minutes: Callable[[], RoadMinutes]) -> RoadMinutes:
        """Return the road minutes of a key, compiled when they are not those of the last one."""
        with self._lock:
            if self._minutes is None or key != self._key:
                self._minutes = None  # scenarios come in an order in which roads rarely return; keep memory small
                self._minutes = compile_minutes()
                self._key = key
            return self._minutes


@dataclass(frozen=True)
class Study:
    """A study as read: its page, network, land and people, projects, merged scenarios and what its files were then.

    Methods that ask for a scenario take the id of one on the page, or a `Scenario` such as `variant` returns.
    """

    study_id: str
    folder: Path
    file: StudyFile
    network: Network
    region: Region
    projects: Mapping[str, Project]
    scenarios: Mapping[str, Scenario]
    inputs: StudyInputs
    _roads: _Roads = field(default_factory=_Roads, repr=False, compare=False)

    def scenario(self, scenario: str | Scenario) -> Scenario:
        """Return a scenario by its id.

        Raises
        ------
        InputError: there is no such scenario.
        """
        if isinstance(scenario, Scenario):
            return scenario
        if scenario in self.scenarios:
            return self.scenarios[scenario]
        page = self.file.generated
        if page is not None:
            made = generate_scenario(scenario, self.scenarios[page.base], self.scenarios[page.full], self.projects)
            if made is not None:
                return made
        known = did_you_mean(scenario, self.scenarios) or f"; there are {', '.join(self.scenarios)}"
        raise InputError(f"no scenario '{scenario}' in study '{self.study_id}'{known}")

    def generated_scenarios(self) -> dict[str, Scenario]:
        """Return the scenarios that need no page (see `sim.scenario.generated`), by id; none when the study asks for none."""
        page = self.file.generated
        return list_generated(page, self.scenarios, self.projects) if page is not None else {}

    def variant(
        self,
        base: str | Scenario,
        *,
        add: Collection[str] = (),
        remove: Collection[str] = (),
        year: int | None = None,
        assumptions: Mapping[str, Any] | None = None,
        scenario_id: str = "",
        name: str = "",
        name_en: str = "",
    ) -> Scenario:
        """Return a scenario that differs from another in projects, year or assumptions (see `vary_scenario`).

        Raises
        ------
        InputError, ScenarioError: an unknown scenario, project or assumption, or a switch without effect.
        """
        return vary_scenario(
            self.scenario(base),
            self.projects,
            add=add,
            remove=remove,
            year=year,
            assumptions=assumptions,
            scenario_id=scenario_id,
            name=name,
            name_en=name_en,
        )

    def network_of(self, scenario: str | Scenario) -> Network:
        """Return the network of a scenario: the base as of its year, with its projects built."""
        known = self.scenario(scenario)
        chosen = [self.projects[project_id] for project_id in known.projects]
        return apply_projects(self.network, chosen, year=known.year)

    def model(
        self,
        scenario: str | Scenario,
        *,
        report: Report = lambda _: None,
        ahead: Literal["nothing", "surfaces"] = "nothing",
    ) -> ScenarioModel:
        """Return the model of a scenario, from which any minutes, surfaces and verdicts come when they are asked for.

        Parameters
        ----------
        report : is told the name of each stage as it begins: network, roads, rail.
        ahead : what will be asked for surely, so that it is prepared beside the running times.

        Raises
        ------
        InputError, ScenarioError: the scenario is unknown or its projects contradict each other.
        """
        known = self.scenario(scenario)
        report("network")
        network = self.network_of(known)
        report("roads")
        roads = self._road_minutes(network, known)
        report("rail")
        with ThreadPoolExecutor(1) as beside:
            if ahead == "surfaces":  # reading them keeps the disk busy and not the interpreter
                beside.submit(roads.table_of, _served_nodes(roads.graph, network))
            hops = hop_times(network)
            rides = solve_scenario_rides(network, hops, known)
        return build_model(known, network, hops, rides, roads, self.region, self.file)

    def run(self, scenario: str | Scenario, *, report: Report = lambda _: None) -> Result:
        """Run one scenario and return everything it computes.

        Parameters
        ----------
        report : is told the name of each of `STAGES` as it begins.

        Raises
        ------
        InputError, ScenarioError: as `model`.
        """
        clock = _Clock(report)
        model = self.model(scenario, report=clock.start, ahead="surfaces")
        clock.start("cities")
        city_times = model.city_times()
        clock.start("surfaces")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            surfaces = dict(zip(self.file.places, pool.map(model.surfaces, self.file.places), strict=True))
        reach = model.reach(surfaces)
        clock.start("targets")
        with ThreadPoolExecutor(1) as beside:  # the kernels that count people leave the interpreter free
            drawn = beside.submit(self._draw, surfaces)
            targets, target_cities = model.judge()
            coverage, coverage_seats = model.judge_coverage()
            journey_times = model.journey_times()
            clock.start("isochrones")
            polygons = drawn.result()
        result = Result(
            study_id=self.study_id,
            made_from=self.identify(model.scenario),
            inputs_sha256=self.inputs.files_of(model.scenario.projects),
            scenario=model.scenario,
            network=model.network,
            base_lines=frozenset(self.network.lines["line_id"]),
            region=self.region,
            projects={project_id: self.projects[project_id] for project_id in model.scenario.projects},
            hops=model.hops,
            travel=model.travel,
            station_times=model.travel.rides.station_times(),
            city_times=city_times,
            surfaces=surfaces,
            polygons=polygons,
            reach=reach,
            people_spread=model.people_spread(surfaces),
            targets=targets,
            target_cities=target_cities,
            coverage=coverage,
            coverage_seats=coverage_seats,
            journey_times=journey_times,
            cutoffs_min=self.file.cutoffs_min,
            close_ups=self.file.close_ups,
            timings_s=clock.timings_s,
        )
        invariants = check_invariants(result)
        clock.stop()
        return result.with_invariants(invariants)

    def _draw(self, surfaces: Mapping[str, Surfaces]) -> dict[str, gpd.GeoDataFrame]:
        """Return the isochrones of each place."""
        grid, cutoffs = self.region.grid, self.file.cutoffs_min
        return {place: isochrone_polygons(surface.best, grid, cutoffs) for place, surface in surfaces.items()}

    def identify(self, scenario: str | Scenario) -> str:
        """Return what tells the numbers of a scenario apart from those of other inputs (see `identify_run`)."""
        return identify_run(self.inputs, self.file.model_dump(), self.scenario(scenario))

    def notes(self, scenario: str | Scenario) -> list[str]:
        """Return what a reader of a scenario should know: projects on before their time, or off though due."""
        known = self.scenario(scenario)
        notes = []
        for project_id, project in self.projects.items():
            opens, on = project.card.opens, project_id in known.projects
            latest = opens.latest or opens.central
            if on and opens.central.year > known.year:
                notes.append(f"{project_id} is on in {known.year}, expected {opens.central}")
            elif on and latest.year > known.year:
                notes.append(f"{project_id} is on in {known.year}, expected {opens.central} but perhaps only {latest}")
            elif not on and project.card.status in {"open", "building"} and opens.central.year <= known.year:
                notes.append(f"{project_id} is off in {known.year}, though expected {opens.central}")
        return notes

    def station_times(self, scenario: str | Scenario) -> pd.DataFrame:
        """Return minutes by train between stations in a scenario, columns as station_times.csv, without roads."""
        network = self.network_of(scenario)
        return solve_scenario_rides(network, hop_times(network), self.scenario(scenario)).station_times()

    def city_times(self, scenario: str | Scenario) -> pd.DataFrame:
        """Return minutes door to door between cities in a scenario, columns as city_times.csv."""
        return self.model(scenario).city_times()

    def find_route(self, scenario: str | Scenario, from_: str, to: str) -> Route:
        """Return the fastest journey door to door in a scenario, leg by leg.

        Parameters
        ----------
        from_, to : a place id, a station id, or "lon,lat".

        Raises
        ------
        InputError: an end is unknown. NoRouteError: there is no way between them.
        """
        stations = self.network_of(scenario).stations
        start, end = (find_end(text, self.region, stations) for text in (from_, to))
        model = self.model(scenario)
        return find_route(model.travel, start, end, model.network)

    def _road_minutes(self, network: Network, scenario: Scenario) -> RoadMinutes:
        """Return the compiled roads of a scenario and the minutes on them, one for all scenarios with the same roads."""
        key = roads_key(network, scenario.assumptions)
        made_from = (self.region.grid, network, scenario.assumptions, self._station_points())
        return self._roads.get(key, lambda: compile_road_minutes(*made_from, base=self._roads.base))

    @property
    def base_roads(self) -> BaseRoads | None:
        """The roads from which minutes are carried over, see `roads_beside`; None otherwise."""
        return self._roads.base

    @contextmanager
    def roads_beside(self, base: str | Scenario) -> Iterator[None]:
        """Carry road minutes over from the roads of a scenario, instead of searching on those of every other one.

        For many scenarios that differ from it by some roads each; their numbers are the same, to the bit.
        """
        known = self.scenario(base)
        with closing(BaseRoads(self._road_minutes(self.network_of(known), known).graph)) as base_roads:
            self._roads.base = base_roads
            try:
                yield
            finally:
                self._roads.base = None

    def _station_points(self) -> pd.DataFrame:
        """Return lon and lat of the stations of the base network, of any year, and of all projects."""
        changes = (change for project in self.projects.values() for change in project.changes)
        rows = [dict(change.row) for change in changes if isinstance(change, Add) and change.table == "stations"]
        points = self.network.stations[["lon", "lat"]]
        return pd.concat([points, pd.DataFrame(rows)[["lon", "lat"]]], ignore_index=True) if rows else points


def _served_nodes(graph: RoadGraph, network: Network) -> list[int]:
    """Return the nodes of the stations at which trains call; one that is off the land is for others to complain about."""
    served = network.stations[network.stations["station_id"].isin(network.service_stops["station_id"])]
    nodes = find_nodes(graph, served["lon"], served["lat"])
    return [int(node) for node in nodes[nodes >= 0]]


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
    network_folder = find_network(folder, file.network)
    network_file = _attempt(problems, read_toml, network_folder / "network.toml", NetworkFile)
    # Before the files are read: what is edited meanwhile makes a run out of date, never wrongly up to date.
    inputs = hash_study_inputs(folder, network_folder, network_file) if network_file is not None else None
    projects = _attempt(problems, read_projects, folder / "projects") or {}
    known = {path.stem for path in (folder / "projects").glob("*.toml")}
    scenarios = _attempt(problems, merge_scenarios, file.scenarios, file.assumptions, known) or {}
    network = _attempt(problems, read_network, network_folder)
    region = _attempt(problems, read_region, network_folder, network) if network is not None else None
    if region is not None:
        problems.extend(check_places(file, region))
    problems.extend(check_generated(file.generated, scenarios))
    if problems or inputs is None or network is None or region is None:
        raise InputError(list(dict.fromkeys(problems)))
    study = Study(folder.resolve().name, folder, file, network, region, projects, scenarios, inputs)
    networks: dict[str, Network] = {}
    for scenario_id in scenarios:
        try:
            networks[scenario_id] = study.network_of(scenario_id)
        except SimError as error:
            problems.extend(f"scenario '{scenario_id}': {sentence}" for sentence in error.problems)
    problems.extend(check_roads_of_study(region.grid, network, projects, networks))
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
