"""New rail scenarios on roads that are known: 41 cities, a thousand of them, changed roads, and every cell as an origin."""

import os
import time
from dataclasses import replace
from statistics import median

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.commands.project_sweep import ProjectSweep
from sim.commands.values import read_values
from sim.executor import PROCESSES
from sim.times.kernels import minutes_from, seeds_of
from sim.times.repair import compare_roads, repair_minutes
from sim.times.roads import place_node
from tests.benchmarks.measure import graph_of, spent, thread_timed, timed
from tests.benchmarks.rivals import Arcs, Process, why_missing

CUTOFFS_MIN = (60.0, 120.0)
TOLERANCE_MIN = 0.02
N_SCENARIOS = 1024
N_PROJECTS = 10
FEWEST_FOR_PROCESSES = 256
"""Scenarios from which on it is worth to begin processes, which takes some seconds."""
SWEEP_GOAL_S, ALL_CELLS_GOAL_S = 120.0, 120.0
RUN_CELLS = 100
YEAR_OF_ALL_ROADS = 2035


def draw_rail(travel, random):
    """Return the model with other waits at every pair of stations, as another timetable would have."""
    rides = travel.rides
    waits = rides.wait_min * random.uniform(0.5, 1.5, rides.wait_min.shape)
    return replace(travel, rides=replace(rides, wait_min=waits), shared_roads=travel.roads)


def layered_graph(travel, graph):
    """Return roads twice with the rail journeys from the first to the second, as a plain shortest-path graph."""
    arcs, n = graph.arcs, graph.arcs.n_nodes
    stations = graph.number[travel.stations.nodes]
    start, end = (axis.ravel() for axis in np.meshgrid(stations, stations, indexing="ij"))
    minutes = travel.rail_min.ravel()
    order = np.lexsort((minutes, end, start))  # several stations may stand in one cell: the faster pair counts
    order = order[np.isfinite(minutes[order])]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(start[order]) != 0) | (np.diff(end[order]) != 0)
    kept = order[first]
    costs = np.concatenate([arcs.minutes, arcs.minutes, minutes[kept]]).astype(float)
    from_node = np.concatenate([arcs.start, arcs.start + n, start[kept]])
    to_node = np.concatenate([arcs.end, arcs.end + n, end[kept] + n])
    return csr_array((costs, (from_node, to_node)), shape=(2 * n, 2 * n))


def measure_new_scenario(travel, region, origins, rounds):
    """Print people within 60 and 120 min of 41 cities in a new rail scenario, against scipy with a limit."""
    print(f"people within 60 and 120 min of {len(origins)} cities in a new rail scenario, roads known:")
    graph = graph_of(travel.graph)
    people = region.grid.population
    weights = travel.graph.people[np.minimum(graph.nodes, travel.graph.n_cells - 1)]
    weights[graph.nodes >= travel.graph.n_cells] = 0.0
    random = np.random.default_rng(1)
    n = graph.arcs.n_nodes
    pairs = {1: [], os.cpu_count(): []}
    cold_s = timed(travel.people_within, origins, people, CUTOFFS_MIN)[0]
    for _ in range(rounds):
        new = draw_rail(travel, random)
        plain = layered_graph(new, graph)
        bounds = np.empty((3, len(origins), len(CUTOFFS_MIN)))
        rival_s = np.zeros(2)  # processor time, by the clock
        for row, origin in enumerate(origins):
            began = time.thread_time(), time.perf_counter()
            found = dijkstra(plain, indices=graph.number[origin], limit=max(CUTOFFS_MIN) + TOLERANCE_MIN)
            minutes = np.minimum(found[:n], found[n:])
            _ = [weights[minutes <= cutoff].sum() for cutoff in CUTOFFS_MIN]
            rival_s += np.subtract((time.thread_time(), time.perf_counter()), began)
            for i, shift in enumerate((-TOLERANCE_MIN, 0.0, TOLERANCE_MIN)):
                bounds[i, row] = [weights[minutes <= cutoff + shift].sum() for cutoff in CUTOFFS_MIN]
        for threads, times in pairs.items():
            fresh = replace(new)
            measure = thread_timed if threads == 1 else timed
            ours_s, ours = measure(fresh.people_within, origins, people, CUTOFFS_MIN, threads=threads)
            if not ((bounds[0] - 1 <= ours) & (ours <= bounds[2] + 1)).all():
                raise SystemExit("people within cut-offs differ from scipy's")
            times.append((rival_s[0 if threads == 1 else 1], ours_s))
    for threads, times in pairs.items():
        ratio = median(theirs / ours for theirs, ours in times)
        theirs, ours = (median(pair[i] for pair in times) for i in range(2))
        goal = f"   goal 10x: {'met' if ratio >= 10 else 'NOT met'}" if threads == 1 else ""
        print(
            f"  sim {threads} thread(s) {ours * 1e3:7.1f} ms   scipy limit=120, 1 thread {theirs * 1e3:8.1f} ms   "
            f"{ratio:6.1f}x{goal}"
        )
    print(f"  the first time for these cities on these roads: {cold_s:.2f} s")


def measure_scenarios(travel, region, origins):
    """Print 1,024 timetables x 2 origins, and how the time grows with their number; scipy does a few of them."""
    people, random = region.grid.population, np.random.default_rng(2)
    print(f"{N_SCENARIOS:,} timetables (waits drawn) x 2 origins, rides and roads known (goal 120 s):")
    graph = graph_of(travel.graph)
    for count in (2, 8):
        layers = [layered_graph(draw_rail(travel, random), graph) for _ in range(count)]
        starts = graph.number[origins[:2]]
        seconds = timed(lambda: [dijkstra(layer, indices=starts, limit=120.0) for layer in layers])[0]  # noqa: B023
        print(f"  {count:5} scenarios: {seconds:6.2f} s   scipy limit=120, 1 thread, its graph made beforehand")
    began, next_print = time.perf_counter(), 64
    for number in range(1, N_SCENARIOS + 1):
        draw_rail(travel, random).people_within(origins[:2], people, CUTOFFS_MIN)
        if number == next_print:
            print(f"  {number:5} scenarios: {time.perf_counter() - began:6.2f} s", flush=True)
            next_print *= 4


def measure_sweep(study, scenario_id, count):
    """Print rail scenarios as `sim contributions` builds them, from the switch of projects to the answer, roads known."""
    full = study.scenario(scenario_id)
    rail = [name for name in full.projects if not tables_of(study, name) & {"roads", "ferries"}]
    free = [name for name in rail if not study.projects[name].card.requires][:N_PROJECTS]
    bare = study.variant(full, remove=sorted(full.projects), scenario_id="benchmark")
    chosen = np.random.default_rng(4).permutation(2 ** len(free))[:count]
    sets = [frozenset(name for k, name in enumerate(free) if number >> k & 1) for number in chosen.tolist()]
    asked = {
        "people within 120 min of 2 cities": {"people": ["ningbo:120", "shanghai:120"]},
        "one target in four readings": {"targets": ["huyong_1h"]},
    }
    ways = {None: "threads"} if count < FEWEST_FOR_PROCESSES else {None: "threads", PROCESSES: PROCESSES}
    for what, options in asked.items():
        values, answers = tuple(read_values(study, **options)), []
        ProjectSweep(study, bare, values).evaluate(sets[:2])
        for scheduler, name in ways.items():
            wall_s, cpu_s, found = spent(ProjectSweep(study, bare, values, scheduler).evaluate, sets)
            answers.append(found)
            whole_s = wall_s / count * N_SCENARIOS
            print(
                f"whole rail scenarios, {what}, {name}: {count:,} of the 2^{len(free)} sets of projects in {wall_s:.0f} s "
                f"({1e3 * wall_s / count:.0f} ms each, {1e3 * cpu_s / count:.0f} ms of processor time); {N_SCENARIOS:,}: "
                f"{whole_s:.0f} s (goal {SWEEP_GOAL_S:g} s: {'met' if whole_s <= SWEEP_GOAL_S else 'NOT met'})",
                flush=True,
            )
        if any(found != answers[0] for found in answers):
            raise SystemExit("processes and threads gave different answers")


def tables_of(study, project_id):
    """Return the tables that a project changes."""
    return {change.table for change in study.projects[project_id].changes}


def measure_road_change(study, options):
    """Print how minutes are carried over to the roads with one project more, against a fresh search."""
    base = study.variant(options.scenario, year=YEAR_OF_ALL_ROADS)
    scenarios = (base, study.variant(base, add=[options.road_project]))
    old, new = (study.model(scenario).travel.graph for scenario in scenarios)
    compare_s, change = timed(compare_roads, old, new)
    pairs = []
    cities = study.region.cities
    for lon, lat in zip(cities["lon"][: 2 * options.rounds], cities["lat"], strict=False):
        node = place_node(old, lon, lat)
        before = minutes_from(old.prepared, seeds_of([node]))
        repair_s, repaired = thread_timed(repair_minutes, change, before)
        fresh_s, fresh = thread_timed(minutes_from, new.prepared, seeds_of([node]))
        if not np.array_equal(repaired, fresh):
            raise SystemExit("repaired minutes differ from those of a fresh search")
        pairs.append((fresh_s, repair_s))
    fresh_s, repair_s = (median(pair[i] for pair in pairs[1:]) for i in range(2))
    print(
        f"roads with {options.road_project}: {len(change.altered)} nodes altered (found in {compare_s:.1f} s); a surface "
        f"is repaired in {repair_s * 1e3:.1f} ms, searched for in {fresh_s * 1e3:.1f} ms: {fresh_s / repair_s:.1f}x, same bits"
    )


def measure_everywhere(travel, region, options):
    """Print people within 60 min of every cell by road and rail: of all cells, or of runs of them spread evenly."""
    land = travel.graph.land_nodes
    cells = land if options.all_cells else sample_runs(land, options.cells)
    travel.people_around(land[:2], region.grid.population, 60.0)
    wall_s, cpu_s, _ = spent(travel.people_around, cells, region.grid.population, 60.0)
    share, cores = len(land) / len(cells), os.cpu_count()
    whole_s, quiet_s = wall_s * share, cpu_s * share / cores
    verdict = "met" if whole_s <= ALL_CELLS_GOAL_S else "NOT met now"
    how = "counted" if options.all_cells else f"from {len(cells):,} of them, in runs of {RUN_CELLS} spread evenly"
    print(
        f"people within 60 min of all {len(land):,} cells, {cores} threads: {whole_s:.0f} s ({how}; goal "
        f"{ALL_CELLS_GOAL_S:g} s: {verdict}); processor time {cpu_s * share:.0f} s, so {quiet_s:.0f} s on {cores} cores "
        f"that nobody else uses",
        flush=True,
    )
    if options.pandana_wait <= 0:
        return
    if why_missing("pandana"):
        print(f"pandana is left out: {why_missing('pandana')}")
        return
    compare_pandana(travel, options.pandana_wait)


def sample_runs(land, count):
    """Return runs of neighbouring cells, as they come one after the other when all are asked for, spread evenly."""
    starts = np.linspace(0, len(land) - RUN_CELLS, max(1, count // RUN_CELLS)).astype(int)
    return np.concatenate([land[first : first + RUN_CELLS] for first in starts])


def compare_pandana(travel, wait_s):
    """Print how pandana counts people within 60 min of all road nodes, on the roads alone: without the grid's steps."""
    roads = travel.graph
    prepared = roads.prepared
    start = np.repeat(np.arange(roads.n_nodes), np.diff(prepared.indptr))
    nodes, ends = np.unique(np.concatenate([start, prepared.indices]), return_inverse=True)
    arcs = Arcs(len(nodes), ends[: len(start)], ends[len(start) :], prepared.minutes)
    people = roads.people[np.minimum(nodes, roads.n_cells - 1)] * (nodes < roads.n_cells)
    try:
        rival = Process("pandana", arcs, wait_s=wait_s)
    except TimeoutError:
        print(f"pandana: {len(nodes):,} nodes and {len(start):,} links not contracted within {wait_s:.0f} s")
        return
    rival.ask("people_within", people, 60.0)
    answer = rival.answer(wait_s)
    if answer is None:
        print(f"pandana: contracted in {rival.build_s:.1f} s; no answer within {wait_s:.0f} s")
        rival.stop()
        return
    without_steps = replace(roads, prepared=prepared._replace(moves=np.zeros_like(prepared.moves)))
    by_road = replace(travel, graph=without_steps, shared_roads=None, station_time_min=1e6)
    ours_s, _ = timed(by_road.people_around, nodes, roads.grid.population, 60.0)
    # pandana turns minutes into whole thousandths link by link: over some hundred links that is up to a tenth of a minute
    fewest, most = (by_road.people_around(nodes, roads.grid.population, 60.0 + shift) for shift in (-0.1, 0.1))
    share = float(np.mean((fewest - 1 <= answer[1]) & (answer[1] <= most + 1)))
    print(
        f"people within 60 min of {len(nodes):,} road nodes, no grid, all threads: pandana {answer[0]:.1f} s after contracting "
        f"for {rival.build_s:.1f} s, sim {ours_s:.1f} s; {share:.2%} of "
        f"nodes agree to 0.1 min; pandana peak {rival.close():,.0f} MB"
    )
