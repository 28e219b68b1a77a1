"""One of two runs that share a cache (test_road_cache.py starts it as a process): road minutes of an island, again and again."""

import sys
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

from sim.times.road_cache import RoadCache
from sim.times.road_minutes import RoadMinutes
from tests.times.road_networks import compile_small

PICTURE = "########## ####.##### ##########"
ROUNDS, CLEARED_EVERY = 40, 8


def minutes_of_the_island(cache: RoadCache | None) -> np.ndarray:
    """Return minutes by road from every cell to every cell, each from the cache, or searched for and kept there."""
    graph = compile_small(PICTURE)
    with patch("sim.times.road_minutes.SMALLEST_KEPT_NODES", 0):  # as if it were as large as a region
        roads = RoadMinutes(graph, cache)
    nodes = graph.land_nodes
    table, sources = roads.table_of(nodes)
    return np.stack([roads.minutes_at(table, sources, nodes), roads.minutes_between(nodes, nodes)])


def main(folder: str, go: str, result: str) -> None:
    """Wait for a file to appear, then ask many times, clear the cache now and then, and save all answers."""
    cache = RoadCache(Path(folder), limit_bytes=20_000)
    minutes_of_the_island(None)  # compiled before the race begins
    while not Path(go).exists():
        time.sleep(0.005)
    answers = []
    for number in range(ROUNDS):
        if number % CLEARED_EVERY == 0:
            cache.clear()
        answers.append(minutes_of_the_island(cache))
    np.save(result, np.stack(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
