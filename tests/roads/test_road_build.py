"""Stages of the build of roads.gpkg on nets drawn here: roads over rivers, loose ends of motorways, comparison of two files."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

BUILD = Path(__file__).parents[2] / "data" / "build"
KM_PER_DEGREE_LAT = 2 * np.pi * 6371.0 / 360
"""Great-circle km on the sphere that the build measures on."""


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module of the loose ends; its folder is no package, so it is found by path."""
    # package_data reads the raw packages' index on import; the stage tested here needs none of them.
    stub = ModuleType("package_data")
    stub.read_main_roads = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "package_data", stub)
    monkeypatch.syspath_prepend(str(BUILD))
    for name in ("road_extract", "road_topology", "road_ends", "road_crossings"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("road_ends")


def north(km: float) -> tuple[float, float]:
    """Return the point so many km north of 120 E 30 N."""
    return (120.0, 30.0 + km / KM_PER_DEGREE_LAT)


def net_of(build: ModuleType, nodes: dict[int, float], links: list[tuple[int, int, float, str]]) -> object:
    """Return a net on one meridian: km of the nodes, and (start, end, km, road_class) of the links."""
    points = {number: north(km) for number, km in nodes.items()}
    made = [
        build.RoadLink(a, b, km, [points[a], points[b]], "osm", {"road_class": kind, "ref": f"R{a}", "name": "老街"})
        for a, b, km, kind in links
    ]
    return build.RoadNet(points, made)


def dry(_one: object, _other: object) -> bool:
    return False


# Two motorways, 0-10 km and 14-24 km, with a gap of 4 km between them.
MOTORWAYS = [(1, 2, 10.0, "motorway_120"), (3, 4, 10.0, "motorway_100")]
PLACES = {1: 0.0, 2: 10.0, 3: 14.0, 4: 24.0}


def test_a_direct_road_between_two_motorways_becomes_one_and_loses_the_name_of_the_street(build: ModuleType) -> None:
    net = net_of(build, PLACES, [*MOTORWAYS, (2, 3, 4.4, "primary")])
    links = build.lead_on_loose_ends(net, dry).links
    assert [link.attributes["road_class"] for link in links] == ["motorway_120", "motorway_100", "motorway_120"]
    assert links[2].attributes["name"] == ""
    assert links[2].attributes["ref"] == "R1"
    assert links[2].km == 4.4


def test_where_the_roads_are_roundabout_a_straight_link_closes_the_gap(build: ModuleType) -> None:
    # 8 km of street for a gap of 4 is more than 1.5 times it: the street stays one.
    net = net_of(build, PLACES, [*MOTORWAYS, (2, 3, 8.0, "primary")])
    links = build.lead_on_loose_ends(net, dry).links
    assert links[2].attributes["road_class"] == "primary"
    assert links[3].origin == "mended"
    assert links[3].attributes["road_class"] == "motorway_120"
    assert links[3].km == pytest.approx(4.0 * 1.2)
    assert len(links) == 4  # and the second end, which is joined now, gets none of its own


def test_a_loose_end_is_never_led_over_water_nor_further_than_the_reach(build: ModuleType) -> None:
    net = net_of(build, PLACES, MOTORWAYS)
    assert len(build.lead_on_loose_ends(net, lambda _one, _other: True).links) == 2
    far = net_of(build, PLACES | {3: 15.5}, MOTORWAYS)  # 5.5 km without any road: wider than is closed by a line
    assert len(build.lead_on_loose_ends(far, dry).links) == 2


def test_an_upgraded_bridge_keeps_its_name_and_its_day(build: ModuleType) -> None:
    net = net_of(build, PLACES, [*MOTORWAYS, (2, 3, 4.4, "primary")])
    net.links[2].attributes.update(structure="bridge", name="大桥", opening_date="2001-02-03")
    upgraded = build.lead_on_loose_ends(net, dry).links[2].attributes
    assert upgraded["road_class"] == "motorway_120"
    assert (upgraded["name"], upgraded["opening_date"]) == ("大桥", "2001-02-03")


def test_an_end_that_meets_the_other_motorway_already_is_left_alone(build: ModuleType) -> None:
    net = net_of(build, PLACES, [*MOTORWAYS, (2, 3, 4.0, "motorway_80")])
    assert build.lead_on_loose_ends(net, dry).links == net.links


def test_a_road_over_a_river_is_explained_by_a_crossing_or_by_a_road_on_the_bank(build: ModuleType) -> None:
    crossings = importlib.import_module("road_crossings")
    river = shapely.box(119.9, 30.02, 120.1, 30.03)
    water = crossings.WideWater(shapely.box(119.0, 29.0, 121.0, 31.0), [river], [river])
    net = net_of(build, {1: 0.0, 2: 5.0}, [(1, 2, 5.0, "primary")])
    net.links[0].attributes["name"] = ""
    # 0.01 degrees of latitude, counted as 100 km a degree
    (problem,) = crossings.find_unexplained(net, water)
    assert problem.startswith("1.0 km of the road from 120.000,30.000 to 120.000,30.045 lie over a wide river")
    ends = {"a_lon": [120.0], "a_lat": [30.0], "b_lon": [120.0], "b_lat": [north(5.0)[1]]}
    on_bank, problems = crossings.mark_shore_roads(net, pd.DataFrame({"name": ["江堤路"], **ends}), water)
    assert problems == []
    assert (on_bank.links[0].attributes["structure"], on_bank.links[0].attributes["name"]) == ("surface", "江堤路")
    assert crossings.find_unexplained(on_bank, water) == []
    bridge = {"name": ["大桥"], "structure": ["bridge"], "opening_date": ["2001-02-03"], "ref": [""], **ends}
    over, problems = crossings.mark_crossings(net, pd.DataFrame(bridge))
    assert problems == []
    assert over.links[0].attributes | {"road_class": "primary", "name": "大桥"} == over.links[0].attributes
    assert crossings.find_unexplained(over, water) == []


def test_a_listed_road_that_is_nowhere_near_a_river_is_a_problem(build: ModuleType) -> None:
    crossings = importlib.import_module("road_crossings")
    water = crossings.WideWater(shapely.box(119.0, 29.0, 121.0, 31.0), [], [])
    net = net_of(build, {1: 0.0, 2: 5.0}, [(1, 2, 5.0, "primary")])
    row = {"name": ["江堤路"], "a_lon": [120.0], "a_lat": [30.0], "b_lon": [120.0], "b_lat": [north(5.0)[1]]}
    _, problems = crossings.mark_shore_roads(net, pd.DataFrame(row), water)
    assert problems == ["shore_roads.csv 江堤路 120.0,30.0: no river under it"]


def write(file: Path, km: list[float]) -> Path:
    line = shapely.LineString([(120, 30), (121, 31)])
    links = gpd.GeoDataFrame({"link_id": range(len(km)), "km": km}, geometry=[line] * len(km), crs="EPSG:4326")
    nodes = gpd.GeoDataFrame({"node_id": [1]}, geometry=[shapely.Point(120, 30)], crs="EPSG:4326")
    links.to_file(file, layer="links", driver="GPKG")
    nodes.to_file(file, layer="nodes", driver="GPKG")
    return file


def test_check_names_the_layer_and_the_column_that_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = ModuleType("package_data")
    stub.read_main_roads = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "package_data", stub)
    monkeypatch.syspath_prepend(str(BUILD))
    monkeypatch.delitem(sys.modules, "roads", raising=False)
    roads = importlib.import_module("roads")
    shipped = write(tmp_path / "one.gpkg", [1.0, 2.0])
    assert roads.compare_files(shipped, write(tmp_path / "same.gpkg", [1.0, 2.0])) == []
    assert roads.compare_files(shipped, write(tmp_path / "km.gpkg", [1.0, 2.5])) == ["layer links: km differ"]
    longer = roads.compare_files(shipped, write(tmp_path / "longer.gpkg", [1.0, 2.0, 3.0]))
    assert longer == ["layer links: (2, 3) rows and columns are shipped, (3, 3) are built"]
