"""Other libraries on the same road graph, each in a process of its own so that its memory can be told.

A rival is a class with `build(arcs)` and `minutes(origin, limit)`; `limit` is inf, or left out where `has_limit` is False.
Imports stand inside `build`: a library is loaded only in the process that measures it.
"""

import importlib
import multiprocessing
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Arcs:
    """A graph as arcs from node to node with minutes, without parallel arcs."""

    n_nodes: int
    start: np.ndarray
    end: np.ndarray
    minutes: np.ndarray


class Scipy:
    has_limit, packages = True, ("scipy",)

    def build(self, arcs):
        sparse = importlib.import_module("scipy.sparse")
        self.dijkstra = importlib.import_module("scipy.sparse.csgraph").dijkstra
        shape = (arcs.n_nodes, arcs.n_nodes)
        self.graph = sparse.csr_array((arcs.minutes.astype(float), (arcs.start, arcs.end)), shape=shape)

    def minutes(self, origin, limit):
        return self.dijkstra(self.graph, indices=origin, limit=limit)


class Networkx:
    has_limit, packages = True, ("networkx",)

    def build(self, arcs):
        networkx = importlib.import_module("networkx")
        self.search = networkx.single_source_dijkstra_path_length
        self.graph = networkx.DiGraph()
        self.graph.add_nodes_from(range(arcs.n_nodes))
        self.graph.add_weighted_edges_from(
            zip(arcs.start.tolist(), arcs.end.tolist(), arcs.minutes.tolist(), strict=True), weight="minutes"
        )

    def minutes(self, origin, limit):
        found = self.search(self.graph, origin, cutoff=None if limit == np.inf else limit, weight="minutes")
        result = np.full(self.graph.number_of_nodes(), np.inf)
        result[list(found)] = list(found.values())
        return result


class Igraph:
    has_limit, packages = False, ("igraph",)

    def build(self, arcs):
        igraph = importlib.import_module("igraph")
        self.graph = igraph.Graph(arcs.n_nodes, np.column_stack([arcs.start, arcs.end]), directed=True)
        self.graph.es["minutes"] = arcs.minutes.astype(float)

    def minutes(self, origin, _limit):
        return np.array(self.graph.distances(origin, weights="minutes")[0])


class Networkit:
    has_limit, packages = False, ("networkit",)

    def build(self, arcs):
        self.networkit = importlib.import_module("networkit")
        self.networkit.setNumberOfThreads(1)
        weights = (arcs.minutes.astype(float), (arcs.start, arcs.end))
        self.graph = self.networkit.GraphFromCoo(weights, n=arcs.n_nodes, weighted=True, directed=True)

    def minutes(self, origin, _limit):
        search = self.networkit.distance.Dijkstra(self.graph, origin, storePaths=False)
        search.run()
        found = np.array(search.getDistances(asarray=True))
        return np.where(found > 1e300, np.inf, found)


class Rustworkx:
    has_limit, packages = False, ("rustworkx",)

    def build(self, arcs):
        rustworkx = importlib.import_module("rustworkx")
        self.search = rustworkx.dijkstra_shortest_path_lengths
        self.graph = rustworkx.PyDiGraph()
        self.graph.add_nodes_from([None] * arcs.n_nodes)
        self.graph.add_edges_from(list(zip(arcs.start.tolist(), arcs.end.tolist(), arcs.minutes.tolist(), strict=True)))

    def minutes(self, origin, _limit):
        found = self.search(self.graph, origin, edge_cost_fn=float)
        result = np.full(self.graph.num_nodes(), np.inf)
        result[list(found.keys())] = list(found.values())
        result[origin] = 0.0
        return result


class Pandana:
    """Not asked for surfaces: it contracts the graph and then counts within a radius, so it is measured apart."""

    has_limit, packages = True, ("pandana",)

    def build(self, arcs):
        pandas = importlib.import_module("pandas")
        pandana = importlib.import_module("pandana")
        ends = pandas.Series(arcs.start), pandas.Series(arcs.end)
        places = pandas.Series(np.zeros(arcs.n_nodes))
        costs = pandas.DataFrame({"minutes": arcs.minutes.astype(float)})
        self.network = pandana.Network(places, places, *ends, costs, twoway=False)

    def people_within(self, people, limit):
        """Return the people within the limit of every node."""
        pandas = importlib.import_module("pandas")
        self.network.precompute(limit)
        self.network.set(pandas.Series(np.arange(len(people))), variable=pandas.Series(people), name="people")
        return self.network.aggregate(limit, type="sum", decay="flat", name="people").to_numpy()


RIVALS = {"scipy": Scipy, "networkit": Networkit, "igraph": Igraph, "rustworkx": Rustworkx, "networkx": Networkx}


@cache
def why_missing(name):
    """Say why a rival cannot be measured here: a package that is not installed or does not load; nothing when it can be."""
    for package in {**RIVALS, "pandana": Pandana}[name].packages:
        if find_spec(package) is None:
            return f"{package} is not installed (pip install -e '.[benchmark]')"
        trial = subprocess.run([sys.executable, "-c", f"import {package}"], check=False, capture_output=True, text=True)
        if trial.returncode:
            reason = (trial.stderr.strip() or f"it ended with status {trial.returncode}").splitlines()[-1]
            return f"{package} is installed but does not load: {reason}"
    return ""


class Process:
    """A rival in a process of its own; answers are (seconds by the clock, what was found, seconds of processor time)."""

    def __init__(self, name, arcs, wait_s=None):
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, name), daemon=True)
        self.process.start()
        self.connection.send(arcs)
        built = self.answer(wait_s)
        if built is None:
            self.stop()
            raise TimeoutError(f"{name} is not ready after {wait_s:.0f} s")
        self.build_s = built[0]

    def ask(self, *request):
        """Send a request without waiting for the answer."""
        self.connection.send(request)

    def answer(self, timeout_s=None):
        """Return the answer to the last request, None if it does not come in time."""
        return self.connection.recv() if self.connection.poll(timeout_s) else None

    def close(self):
        """End the process; return the most memory it has held, MB."""
        self.connection.send(None)
        peak_mb = self.connection.recv()
        self.process.join()
        return peak_mb

    def stop(self):
        """End the process at once."""
        self.process.kill()
        self.process.join()


def _serve(connection: Connection, name: str) -> None:
    rival = {**RIVALS, "pandana": Pandana}[name]()
    arcs = connection.recv()
    began = time.perf_counter()
    rival.build(arcs)
    connection.send((time.perf_counter() - began,))
    while (request := connection.recv()) is not None:
        method, *arguments = request
        began, before_s = time.perf_counter(), time.process_time()
        found = getattr(rival, method)(*arguments)
        connection.send((time.perf_counter() - began, found, time.process_time() - before_s))
    connection.send(peak_mb())


def peak_mb() -> float:
    """Return the most memory this process has held, MB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: what getrusage says there includes what the parent held when it began the process
        held = [line.split()[1] for line in status.read_text(encoding="utf-8").splitlines() if "VmHWM" in line]
        return float(held[0]) * 1024 / 1e6
    resource = importlib.import_module("resource")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
