"""New rail scenarios on roads that are known: 41 cities, a thousand draws, and every cell as an origin."""

import os
import time
from contextlib import suppress
from dataclasses import replace
from statistics import median

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sim.errors import SimError
from sim.times.kernels import minutes_from, seeds_of
from sim.times.repair import compare_roads, repair_minutes
from sim.times.roads import place_node
from tests.benchmarks.measure import graph_of, timed
from tests.benchmarks.rivals import Arcs, Process, installed

CUTOFFS_MIN = (60.0, 120.0)
TOLERANCE_MIN = 0.02
N_SCENARIOS = 1024
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
        began = time.perf_counter()
        bounds = np.empty((3, len(origins), len(CUTOFFS_MIN)))
        rival_s = 0.0
        for row, origin in enumerate(origins):
            began = time.perf_counter()
            found = dijkstra(plain, indices=graph.number[origin], limit=max(CUTOFFS_MIN) + TOLERANCE_MIN)
            minutes = np.minimum(found[:n], found[n:])
            _ = [weights[minutes <= cutoff].sum() for cutoff in CUTOFFS_MIN]
            rival_s += time.perf_counter() - began
            for i, shift in enumerate((-TOLERANCE_MIN, 0.0, TOLERANCE_MIN)):
                bounds[i, row] = [weights[minutes <= cutoff + shift].sum() for cutoff in CUTOFFS_MIN]
        for threads, times in pairs.items():
            fresh = replace(new)
            ours_s, ours = timed(fresh.people_within, origins, people, CUTOFFS_MIN, threads=threads)
            if not ((bounds[0] - 1 <= ours) & (ours <= bounds[2] + 1)).all():
                raise SystemExit("people within cut-offs differ from scipy's")
            times.append((rival_s, ours_s))
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


def measure_whole_scenarios(study, scenario_id):
    """Print whole rail scenarios, from the switch of a project to people and verdicts, roads known."""
    rail = []
    for project in study.projects.values():
        if not {change.table for change in project.changes} & {"roads", "ferries"}:
            with suppress(SimError):  # it needs another project, or conflicts with one
                scenario = study.variant(scenario_id, add=[project.project_id])
                study.network_of(scenario)
                rail.append(scenario)
    cities = study.region.cities
    for what in ("train and seat to seat", "all four readings"):
        readings = ["station_fastest", "station_service", "centre_to_centre"] if what.startswith("train") else None
        study.model(rail[0]).judge(readings=readings)
        began = time.perf_counter()
        for scenario in rail:
            model = study.model(scenario)
            model.judge(readings=readings)
        each = (time.perf_counter() - began) / len(rail)
        print(
            f"whole rail scenario, {what} of all targets: {each:.2f} s each ({len(rail)} scenarios, one at a time), "
            f"{N_SCENARIOS:,} would take {each * N_SCENARIOS / 60:.1f} min"
        )
    nodes = [place_node(model.travel.graph, lon, lat) for lon, lat in zip(cities["lon"], cities["lat"], strict=True)]
    model.travel.people_within(nodes, study.region.grid.population, CUTOFFS_MIN)
    began = time.perf_counter()
    for scenario in rail:
        study.model(scenario).travel.people_within(nodes[:2], study.region.grid.population, CUTOFFS_MIN)
    each = (time.perf_counter() - began) / len(rail)
    print(
        f"whole rail scenario, people within 60 and 120 min of 2 cities: {each:.2f} s each, {N_SCENARIOS:,} would take "
        f"{each * N_SCENARIOS / 60:.1f} min"
    )


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
        repair_s, repaired = timed(repair_minutes, change, before)
        fresh_s, fresh = timed(minutes_from, new.prepared, seeds_of([node]))
        if not np.array_equal(repaired, fresh):
            raise SystemExit("repaired minutes differ from those of a fresh search")
        pairs.append((fresh_s, repair_s))
    fresh_s, repair_s = (median(pair[i] for pair in pairs[1:]) for i in range(2))
    print(
        f"roads with {options.road_project}: {len(change.altered)} nodes altered (found in {compare_s:.1f} s); a surface "
        f"is repaired in {repair_s * 1e3:.1f} ms, searched for in {fresh_s * 1e3:.1f} ms: {fresh_s / repair_s:.1f}x, same bits"
    )


def measure_everywhere(travel, region, options):
    """Print people within 60 min of every cell by road and rail: of a sample, and how long all cells would take."""
    cells = travel.graph.land_nodes
    if options.cells:
        # Runs of neighbours, as when all cells come one after the other: what one has read the next finds in the cache.
        starts = np.random.default_rng(3).choice(len(cells) - RUN_CELLS, max(1, options.cells // RUN_CELLS))
        cells = np.concatenate([cells[first : first + RUN_CELLS] for first in starts])
    travel.people_around(cells[:10], region.grid.population, 60.0)
    seconds, _ = timed(travel.people_around, cells, region.grid.population, 60.0)
    whole = seconds * len(travel.graph.land_nodes) / len(cells)
    print(
        f"people within 60 min of every cell, {os.cpu_count()} threads: {len(cells):,} cells in {seconds:.1f} s, "
        f"all {len(travel.graph.land_nodes):,} in {whole:.0f} s (goal 120 s: {'met' if whole <= 120 else 'NOT met'})"
    )
    if options.pandana_wait <= 0:
        return
    if not installed("pandana"):
        print("pandana: not installed (pip install -e '.[benchmark]')")
        return
    compare_pandana(travel, options.pandana_wait)


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
