"""How fast the road and door-to-door minutes of the real network are, beside what one would use instead.

    python -m tests.benchmarks.run --quick            every goal, few rounds and samples: about four minutes
    python -m tests.benchmarks.run                    all that is installed, about twenty minutes
    python -m tests.benchmarks.run --all-cells        every cell as an origin instead of a sample: a minute or two more
    python -m tests.benchmarks.run --rivals scipy networkx --rounds 9
    python -m tests.benchmarks.run --pandana-wait 600 with ten minutes for pandana to contract the roads

Every round asks the rival and then sim for the same origin, so that a busy machine slows both; the ratio is the median
of the ratios of the rounds, with the least and the most beside it; milliseconds are medians, with the least beside
them. One thread against one thread is measured in processor time, which others on the machine lengthen less; whatever
uses all threads, by the clock. Answers are compared in every round and a difference ends the run.
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

import sim
from sim.times.kernels import each_alone, minutes_from, minutes_to_targets, seeds_of
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import place_node
from tests.benchmarks.commands import measure_commands
from tests.benchmarks.fine_grid import measure_fine_grid
from tests.benchmarks.measure import bandwidth_gb_s, graph_of, thread_timed, timed, window_of
from tests.benchmarks.rivals import RIVALS, Process, peak_mb, why_missing
from tests.benchmarks.scenarios import (
    measure_everywhere,
    measure_new_scenario,
    measure_road_change,
    measure_scenarios,
    measure_sweep,
)

TOLERANCE_MIN = 0.02
"""Single precision: 2**-15 min per addition at 600 min, some thousand additions whose roundings mostly cancel."""
GOALS = {"scipy": 4, "igraph": 15, "networkx": 100}
SLOW = {"networkx", "rustworkx"}


def main():
    began = time.perf_counter()
    options = read_options()
    print(f"{os.cpu_count()} cores, load of the machine before {os.getloadavg()[0]:.1f} (0 is nobody)")
    for name in [name for name in options.rivals if why_missing(name)]:
        print(f"{name} is left out: {why_missing(name)}", flush=True)
        options.rivals.remove(name)
    study = sim.read_study(options.study)
    scenario_id = options.scenario
    travel = study.model(scenario_id).travel
    cities = study.region.cities
    nodes = [place_node(travel.graph, lon, lat) for lon, lat in zip(cities["lon"], cities["lat"], strict=True)]
    origins = np.array(nodes, dtype=np.int32)
    graph = graph_of(travel.graph)
    print(
        f"roads of {scenario_id}: {graph.arcs.n_nodes:,} nodes, {len(graph.arcs.start):,} arcs; {os.cpu_count()} cores"
    )
    arrays = sum(array.nbytes for array in travel.graph.prepared if isinstance(array, np.ndarray))
    print(
        f"memory of sim: the graph {arrays / 1e6:.0f} MB, a surface {4 * travel.graph.n_nodes / 1e6:.1f} MB, this process so"
    )
    print(f"far {peak_mb():,.0f} MB with the whole study, its network and compiled kernels")
    print_limit(travel.graph, graph, origins)
    for name in options.rivals:
        compare_one_to_all(name, travel.graph, graph, origins, options.rounds)
    compare_all_threads(travel.graph, graph, origins, options)
    if not options.quick:
        print_growth(travel.graph, origins, options)
    measure_new_scenario(travel, study.region, origins, options.rounds)
    measure_scenarios(travel, study.region, origins)
    measure_road_change(study, options)
    measure_everywhere(travel, study.region, options)
    if not options.quick:
        measure_fine_grid(travel, int(origins[0]))
    measure_sweep(study, options.sweep_scenario, options.scenarios)
    print(f"peak memory of sim in all of this: {peak_mb() / 1e3:.2f} GB")
    measure_commands(study, options.changed_scenario, options.changed_project, options.rounds)
    print(f"{time.perf_counter() - began:.0f} s in all; load of the machine at the end {os.getloadavg()[0]:.1f}")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, default=Path("scenarios/circles"))
    parser.add_argument("--scenario", default="do_minimum_2025")
    parser.add_argument("--rivals", nargs="*", default=list(RIVALS), choices=list(RIVALS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cells", type=int, default=8000, help="origins of the sample of all cells")
    parser.add_argument("--all-cells", action="store_true", help="every cell as an origin, not a sample")
    parser.add_argument("--scenarios", type=int, default=1024, help="rail scenarios of the sweep")
    parser.add_argument("--sweep-scenario", default="all_2035", help="of whose rail projects the sweep takes ten")
    parser.add_argument("--changed-scenario", default="plan_2027", help="run again after a number was changed")
    parser.add_argument("--changed-project", default="tongsujiayong", help="whose trains a day are changed")
    parser.add_argument("--pandana-wait", type=float, default=120.0, metavar="SECONDS")
    parser.add_argument("--road-project", default="huyong_channel_road", help="a project whose roads are repaired in")
    parser.add_argument("--quick", action="store_true", help="three rivals, two rounds, small samples, no growth")
    options = parser.parse_args()
    if options.quick:
        options.rivals, options.rounds, options.pandana_wait = list(GOALS), 2, 0.0
        options.cells, options.scenarios = 2000, 64
    return options


def print_limit(roads, graph, origins):
    """Print how long a search must take at the very least: its input read once and its answer written once."""
    one, every = bandwidth_gb_s(1), bandwidth_gb_s(os.cpu_count())
    prepared = roads.prepared
    read = prepared.pace.nbytes + prepared.moves.nbytes + prepared.indptr.nbytes
    read += prepared.indices.nbytes + prepared.minutes.nbytes
    moved = read + 4 * prepared.n_nodes
    _ = minutes_from(prepared, seeds_of([origins[0]]))  # loads the kernel
    seconds = median(thread_timed(minutes_from, prepared, seeds_of([origins[0]]))[0] for _ in range(5))
    print(
        f"memory bandwidth {one:.1f} GB/s with 1 thread, {every:.1f} with all; a search must move {moved / 1e6:.1f} MB = "
        f"{moved / one / 1e6:.2f} ms; sim takes {seconds * 1e3:.1f} ms, {seconds / graph.arcs.n_nodes * 1e9:.0f} ns a node"
    )


def compare_one_to_all(name, roads, graph, origins, rounds):
    """Print one search, 1 thread against 1 thread, without a limit and within 120 min."""
    rival = Process(name, graph.arcs)
    for limit in (np.inf, 120.0) if RIVALS[name].has_limit else (np.inf,):
        pairs = []
        is_slow = name in SLOW and limit == np.inf
        for number in range(-1, min(rounds, 3) if is_slow else rounds):
            origin = int(origins[number % len(origins)])
            rival_s = ours_s = np.inf
            for _ in range(
                1 if is_slow else 2
            ):  # the better of two: the first finds the caches full of the other's memory
                rival.ask("minutes", int(graph.number[origin]), float(limit))
                _, theirs, seconds = rival.answer()
                rival_s = min(rival_s, seconds)
            for _ in range(2):
                seconds, ours = thread_timed(minutes_from, roads.prepared, seeds_of([origin]), limit_min=limit)
                ours_s = min(ours_s, seconds)
            check_equal(name, ours[graph.nodes], theirs, limit)
            if number >= 0:  # the first round warms both
                pairs.append((rival_s, ours_s))
        report(f"one to all, limit {limit:g}", name, pairs, GOALS.get(name) if limit == np.inf else None)
    print(f"    {name}: built in {rival.build_s:.1f} s, peak memory {rival.close():,.0f} MB")


def check_equal(name, ours, theirs, limit):
    near = np.minimum(np.minimum(ours, theirs), 1e9) < limit - TOLERANCE_MIN  # at the limit either may be right
    ours, theirs = np.minimum(ours[near], 1e9), np.minimum(theirs[near], 1e9)
    difference = float(np.abs(ours - theirs).max())
    if difference > TOLERANCE_MIN:
        raise SystemExit(f"{name} and sim differ by {difference:.4f} min")


def report(what, name, pairs, goal=None):
    ratio = median(theirs / ours for theirs, ours in pairs)
    ratios = [theirs / ours for theirs, ours in pairs]
    theirs, ours = ([pair[i] * 1e3 for pair in pairs] for i in range(2))
    verdict = "" if goal is None else f"   goal {goal}x: {'met' if ratio >= goal else 'NOT met'}"
    print(
        f"  {what:<26} {name:<10} {median(theirs):9.1f} ms (least {min(theirs):.1f})   sim {median(ours):8.2f} ms "
        f"({min(ours):.2f})   "
        f"{ratio:7.1f}x ({min(ratios):.1f}-{max(ratios):.1f}){verdict}",
        flush=True,
    )


def compare_all_threads(roads, graph, origins, options):
    """Print 12 searches on all cores: sim in threads, each rival in as many processes."""
    cores = os.cpu_count()
    some = origins[:12]
    for name in options.rivals:
        if name in SLOW:
            continue
        team = [Process(name, graph.arcs) for _ in range(cores)]
        pairs = []
        for _ in range(options.rounds):
            began = time.perf_counter()
            for first in range(0, len(some), cores):
                turn = list(zip(team, some[first : first + cores], strict=False))
                for rival, origin in turn:
                    rival.ask("minutes", int(graph.number[origin]), np.inf)
                answers = [rival.answer()[1] for rival, _ in turn]
            rival_s = time.perf_counter() - began
            ours_s, ours = timed(minutes_to_targets, roads.prepared, each_alone(some), graph.nodes)
            check_equal(name, ours[len(some) - 1], answers[-1], np.inf)
            pairs.append((rival_s, ours_s))
        report(f"{len(some)} searches, {cores} threads", name, pairs)
        for rival in team:
            rival.close()


def print_growth(roads, origins, options):
    """Print how the time of a search grows with the cells and with the origins, ours and the rivals'."""
    rivals = ", ".join(options.rivals)
    print(f"growth with the cells, one search, 1 thread: nodes, sim, {rivals} (ms, memory of the rival)")
    for share in (0.25, 0.5, 0.75, 1.0):
        window = window_of(roads, int(origins[0]), share)
        times = [thread_timed(minutes_from, window, seeds_of([origins[0]])) for _ in range(options.rounds)]
        reached = np.flatnonzero(np.isfinite(times[0][1]))
        ours = median(seconds for seconds, _ in times)
        graph = graph_of(replace(roads, prepared=window), reached)
        columns = []
        for name in options.rivals:
            rival = Process(name, graph.arcs)
            seconds = []
            for _ in range(1 if name in SLOW else options.rounds):
                rival.ask("minutes", int(graph.number[origins[0]]), np.inf)
                _, theirs, cpu_s = rival.answer()
                check_equal(name, times[0][1][graph.nodes], theirs, np.inf)
                seconds.append(cpu_s)
            columns.append(f"{name} {median(seconds) * 1e3:.0f} ({rival.close():,.0f} MB)")
        per_node = ours / len(reached) * 1e9
        print(
            f"  {len(reached):9,}   sim {ours * 1e3:6.1f} ({per_node:.0f} ns a node)   {'   '.join(columns)}",
            flush=True,
        )
    print_origins(roads, origins)
    known = RoadMinutes(roads)
    cold = timed(known.table_of, origins)[0]
    warm = timed(known.table_of, origins)[0]
    print(f"  {len(origins)} sources kept in tiles: {cold:.2f} s once for a set of roads, then {warm * 1e3:.2f} ms")


def print_origins(roads, origins):
    """Print how the time of many searches grows with the origins, on all cores, beside scipy, which uses one."""
    graph = graph_of(roads)
    arcs = graph.arcs
    plain = csr_array((arcs.minutes.astype(float), (arcs.start, arcs.end)), shape=(arcs.n_nodes, arcs.n_nodes))
    for n in (1, 5, 20, 41):
        seconds = timed(minutes_to_targets, roads.prepared, each_alone(origins[:n]), origins)[0]
        theirs = sum(timed(dijkstra, plain, indices=graph.number[origin])[0] for origin in origins[:n])
        print(f"  {n:9} origins: sim, all threads {seconds:6.2f} s, scipy {theirs:6.2f} s", flush=True)


if __name__ == "__main__":
    main()
