"""Compiled roads kept between runs: the same to the bit, and never those of other inputs."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sim.times import kept_roads
from sim.times.kept_roads import keep_roads
from sim.times.road_cache import RoadCache
from tests.times.road_networks import compile_small, make_ferries, make_grid, make_roads

PICTURE = "#####\n#.###\n#####"
NODES = [(0.5, 0.5, "yes"), (0.5, 2.5, "no"), (0.5, 4.5, "yes")]
LINKS = [(100, 101, 2.0, "trunk"), (101, 102, 2.0, "trunk")]
FERRY = ("lake", (0.5, 0.5), (2.5, 4.5), 12.0, 10, 5.0)


@pytest.fixture(autouse=True)
def any_size(monkeypatch):
    monkeypatch.setattr(kept_roads, "SMALLEST_KEPT_CELLS", 0)


@pytest.fixture
def graph():
    return compile_small(PICTURE, nodes=NODES, links=LINKS, ferries=[FERRY])


@pytest.fixture
def network():
    nodes, links = make_roads(NODES, LINKS)
    return SimpleNamespace(road_nodes=nodes, road_links=links, ferries=make_ferries([FERRY]))


def never():
    raise AssertionError("compiled anew")


def test_kept_roads_are_those_that_were_compiled_to_the_bit_and_type(tmp_path, graph, network):
    kept, grid = RoadCache(tmp_path), make_grid(PICTURE)
    assert keep_roads(kept, grid, network, "key", lambda: graph) is graph
    found = keep_roads(kept, grid, network, "key", never)
    for name, array in graph.prepared._asdict().items():
        other = getattr(found.prepared, name)
        np.testing.assert_array_equal(other, array)
        assert (type(other), other.dtype) == (type(array), array.dtype), name
        if isinstance(array, np.ndarray):
            assert other.flags.writeable == array.flags.writeable, name
    np.testing.assert_array_equal(found.link_km, graph.link_km)
    np.testing.assert_array_equal(found.link_label, graph.link_label)
    pd.testing.assert_frame_equal(found.labels, graph.labels)
    pd.testing.assert_frame_equal(found.nodes, graph.nodes)
    assert "lake 轮渡" in set(found.labels["name"])


def longer(network):
    links = network.road_links.assign(km=network.road_links["km"] + 0.001)
    return SimpleNamespace(**(vars(network) | {"road_links": links}))


def moved(network):
    nodes = network.road_nodes.set_geometry(network.road_nodes.geometry.translate(1e-6))
    return SimpleNamespace(**(vars(network) | {"road_nodes": nodes}))


@pytest.mark.parametrize("change", ["key", "link", "node", "people", "program"])
def test_other_inputs_are_compiled_anew(tmp_path, graph, network, change, monkeypatch):
    kept, grid, key = RoadCache(tmp_path), make_grid(PICTURE), "key"
    keep_roads(kept, grid, network, key, lambda: graph)
    if change == "key":
        key = "another"
    if change == "link":
        network = longer(network)
    if change == "node":
        network = moved(network)
    if change == "people":
        grid = replace(grid, population=grid.population + 1)
    if change == "program":
        monkeypatch.setattr(kept_roads, "_program", lambda: "edited")
    with pytest.raises(AssertionError, match="compiled anew"):
        keep_roads(kept, grid, network, key, never)


def test_a_file_that_was_cut_short_is_compiled_anew(tmp_path, graph, network):
    kept, grid = RoadCache(tmp_path), make_grid(PICTURE)
    keep_roads(kept, grid, network, "key", lambda: graph)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert keep_roads(kept, grid, network, "key", lambda: graph) is graph


def test_small_land_is_not_kept(tmp_path, graph, network, monkeypatch):
    monkeypatch.setattr(kept_roads, "SMALLEST_KEPT_CELLS", 50_000)
    keep_roads(RoadCache(tmp_path), make_grid(PICTURE), network, "key", lambda: graph)
    assert list(tmp_path.iterdir()) == []
