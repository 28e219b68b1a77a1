"""Roads of OpenStreetMap: a small extract whose answers are worked out from the positions of its nodes, and a real one."""

import gzip

import geopandas as gpd
import numpy as np
import osmnx as ox
import pandas as pd
import pytest
from osm_town import CLASSES, EASTBOUND, GEOD, NORTH_STREET, REAL, TOWN, TRUNK, WESTBOUND, km, place_of, run

import sim
from sim.errors import InputError
from sim.network.osm import read_osm
from sim.network.osm_classes import CLASS_LIMITS_KMH, HIGHWAYS, classes_with, motorway_class
from sim.network.osm_roads import roads_of
from sim.network.schema import frame_of
from sim.region.region import read_region
from sim.times.kernels import minutes_from, seeds_of
from sim.times.roads import compile_roads


@pytest.fixture(scope="module")
def town():
    return roads_of(read_osm(str(TOWN)), CLASSES)


@pytest.fixture(scope="module")
def grid_network(repository):
    return sim.read_network(repository / "networks" / "grid")


def minutes_between(graph, start, end):
    """Return the minutes between two road nodes given by their places."""
    n_cells = len(graph.prepared.pace)
    number = {
        (round(lon, 4), round(lat, 4)): n_cells + i
        for i, (lon, lat) in enumerate(zip(graph.nodes["lon"], graph.nodes["lat"], strict=True))
    }
    return float(minutes_from(graph.prepared, seeds_of(number[start]))[number[end]])


@pytest.fixture(scope="module")
def town_graph(town, grid_network):
    """The town's roads on the land of networks/grid: lanes of 30 km/h, a river one cell wide, nothing else."""
    region = read_region(grid_network.folder, grid_network)
    empty = {name: frame_of(name, []) for name in ("roads", "road_points", "ferries")}
    return compile_roads(region.grid, town.nodes, town.links, *empty.values(), CLASSES)


def test_lengths_classes_and_structures_are_those_of_the_extract(town):
    by_kind = town.links.groupby(["road_class", "structure"])["km"].sum()
    # Two carriageways from 119.203 to 119.39; the bridge of each from 119.28 to 119.32.
    carriageways = km((119.203, EASTBOUND), (119.39, EASTBOUND)) + km((119.203, WESTBOUND), (119.39, WESTBOUND))
    bridges = km((119.28, EASTBOUND), (119.32, EASTBOUND)) + km((119.28, WESTBOUND), (119.32, WESTBOUND))
    assert by_kind["motorway_120", "bridge"] == pytest.approx(bridges, rel=1e-4)
    assert by_kind["motorway_120", "surface"] == pytest.approx(carriageways - bridges, rel=1e-4)
    # The trunk road from 119.205 to 119.39, its bridge from 119.28 to 119.32; the bridge over a canal of 48 m is no bridge.
    trunk, bridge = km((119.205, TRUNK), (119.39, TRUNK)), km((119.28, TRUNK), (119.32, TRUNK))
    assert by_kind["trunk", "bridge"] == pytest.approx(bridge, rel=1e-4)
    assert by_kind["trunk", "surface"] == pytest.approx(trunk - bridge, rel=1e-4)
    # Residential streets, building sites, private roads and houses are not main roads.
    assert set(town.links["road_class"]) == {"motorway_120", "motorway_80", "trunk", "primary"}
    assert set(town.links.loc[town.links["road_class"] == "trunk", "ref"]) == {"G329"}
    assert set(town.links.loc[town.links["road_class"] == "motorway_120", "name"]) == {"沿江高速"}
    assert set(town.links["opening_date"]) == {""}


def test_a_posted_limit_counts_in_the_proportion_of_its_class():
    slower = CLASSES.assign(speed_kmh=CLASSES["speed_kmh"].where(CLASSES["road_class"] != "trunk", 70.0))
    links = roads_of(read_osm(str(TOWN)), slower).links
    # A base that has 70 km/h for trunk roads, where 80 are allowed: 60 x 70 / 80 on the bridge.
    bridge = links[(links["road_class"] == "trunk") & (links["structure"] == "bridge")]
    assert set(bridge["speed_kmh"]) == {52.5}


def test_a_posted_limit_is_kept_and_the_usual_one_left_to_the_class(town):
    speeds = town.links.groupby(["road_class", "structure"])["speed_kmh"]
    # 60 km/h are posted on the bridge; elsewhere the class's own limit of 80 holds.
    assert set(speeds.get_group(("trunk", "bridge"))) == {60.0}
    assert speeds.get_group(("trunk", "surface")).isna().all()
    # A limit of 120 is what its class means; ramps have 40 km/h where none is posted (class 80 km/h at 80).
    assert speeds.get_group(("motorway_120", "surface")).isna().all()
    assert set(speeds.get_group(("motorway_80", "surface"))) == {40.0}


def test_one_way_roads_are_drawn_as_they_are_driven(town):
    one_way = town.links[town.links["both_directions"] == "no"]
    assert set(one_way["road_class"]) == {"motorway_120", "motorway_80", "primary"}
    street = one_way[one_way["road_class"] == "primary"].geometry.iloc[0]
    assert list(street.coords) == [(119.39, NORTH_STREET), (119.39, TRUNK)]
    for lat, sign in ((EASTBOUND, 1), (WESTBOUND, -1)):
        carriageway = one_way[one_way.geometry.map(lambda line, lat=lat: {y for _, y in line.coords} == {lat})]
        assert len(carriageway) > 3
        assert all(np.sign(line.coords[-1][0] - line.coords[0][0]) == sign for line in carriageway.geometry)


def test_roads_are_entered_on_the_surface_and_motorways_at_interchanges(town):
    entered = set(place_of(town.nodes[town.nodes["entered"] == "yes"]))
    others = set(place_of(town.nodes[town.nodes["entered"] == "no"]))
    assert place_of(town.nodes[town.nodes["interchange"] == "junction"]) == [(119.24, TRUNK)]
    assert {(119.205, TRUNK), (119.28, TRUNK), (119.32, TRUNK), (119.39, TRUNK)} <= entered
    # The two bridges meet over the river; nothing gets on there, nor where the second ends in the river.
    assert {(119.31, TRUNK), (119.31, NORTH_STREET)} <= others
    assert {place for place in entered | others if place[1] in {EASTBOUND, WESTBOUND}} <= others


def test_surface_roads_can_be_entered_every_two_kilometres(town):
    surface = town.links[(town.links["structure"] == "surface") & town.links["road_class"].isin(["trunk", "primary"])]
    assert surface["km"].max() <= 2.0
    # From 119.32 to 119.39 are 6.69 km: four pieces.
    assert (
        len(surface[surface.geometry.map(lambda line: line.coords[0][0] >= 119.32 and line.coords[0][1] == TRUNK)]) == 4
    )


def test_minutes_over_the_imported_roads(town_graph):
    # No congestion.csv: traffic runs at the limits, 60 km/h on the bridge, 120 on the motorway, 60 on the main road.
    bridge = km((119.28, TRUNK), (119.32, TRUNK)) / 60 * 60
    assert minutes_between(town_graph, (119.28, TRUNK), (119.32, TRUNK)) == pytest.approx(bridge, rel=1e-4)
    motorway = km((119.203, EASTBOUND), (119.39, EASTBOUND)) / 120 * 60
    assert minutes_between(town_graph, (119.203, EASTBOUND), (119.39, EASTBOUND)) == pytest.approx(motorway, rel=1e-4)
    # One cannot turn round at the end of a carriageway.
    assert np.isinf(minutes_between(town_graph, (119.39, EASTBOUND), (119.203, EASTBOUND)))
    street = km((119.39, NORTH_STREET), (119.39, TRUNK)) / 60 * 60
    assert minutes_between(town_graph, (119.39, NORTH_STREET), (119.39, TRUNK)) == pytest.approx(street, rel=1e-4)
    # Against the one-way street one takes the lanes: 30 km/h and 1.3 times the way, so slower than the street itself.
    assert minutes_between(town_graph, (119.39, TRUNK), (119.39, NORTH_STREET)) > 1.2 * street


def test_the_end_of_a_bridge_over_the_river_is_not_joined_to_the_banks(town_graph):
    # From the fork over the river it is 1 km of bridge at 60 km/h; from the western bank first 3 km of the other.
    fork = km((119.31, TRUNK), (119.31, NORTH_STREET)) / 60 * 60
    first = km((119.28, TRUNK), (119.31, TRUNK)) / 60 * 60
    assert minutes_between(town_graph, (119.28, TRUNK), (119.31, NORTH_STREET)) == pytest.approx(first + fork, rel=1e-4)


@pytest.mark.parametrize("suffix", [".osm.gz", ".graphml", ".simplified.graphml"])
def test_other_files_of_the_same_extract_give_the_same_roads(suffix, town, tmp_path):
    path = tmp_path / f"town{suffix}"
    if suffix == ".osm.gz":
        path.write_bytes(gzip.compress(TOWN.read_bytes()))
    else:
        graph = read_osm(str(TOWN))
        alike = ["highway", "bridge", "maxspeed"]
        ox.save_graphml(ox.simplify_graph(graph, edge_attrs_differ=alike) if "simplified" in suffix else graph, path)
    roads = roads_of(read_osm(str(path)), CLASSES)
    for column in ("road_class", "ref", "both_directions"):
        pd.testing.assert_series_equal(
            roads.links.groupby(column)["km"].sum(), town.links.groupby(column)["km"].sum(), rtol=1e-6
        )


def test_a_real_extract_gives_the_same_roads_as_xml_and_as_pbf():
    from_pbf, from_xml = (
        roads_of(read_osm(str(path)), CLASSES) for path in (REAL, REAL.with_name("finland_motorway.osm.bz2"))
    )
    columns = ["km", "road_class", "ref", "name", "structure", "speed_kmh", "both_directions"]
    pd.testing.assert_frame_equal(from_pbf.links[columns], from_xml.links[columns])
    assert (from_pbf.nodes["entered"] == from_xml.nodes["entered"]).all()


def test_a_real_extract_keeps_its_kilometres_and_its_one_way_carriageways():
    links = roads_of(read_osm(str(REAL)), CLASSES).links
    ways = gpd.read_file(REAL, layer="lines", columns=["highway", "other_tags"])
    ways = ways[ways["highway"].isin(list(HIGHWAYS))]
    ways_km = ways.geometry.map(GEOD.geometry_length) / 1000
    assert links["km"].sum() == pytest.approx(ways_km.sum(), rel=1e-6)
    tagged = ways["other_tags"].fillna("").str.contains('"oneway"=>"yes"', regex=False)
    one_way = links["both_directions"] == "no"
    assert links.loc[one_way, "km"].sum() == pytest.approx(ways_km[tagged].sum(), rel=1e-6)
    assert (ways["highway"] == "motorway").any()
    assert set(links.loc[links["road_class"].str.startswith("motorway"), "both_directions"]) == {"no"}


def test_one_extract_always_gives_the_same_tables(town):
    again = roads_of(read_osm(str(TOWN)), CLASSES)
    pd.testing.assert_frame_equal(pd.DataFrame(again.links), pd.DataFrame(town.links))
    pd.testing.assert_frame_equal(pd.DataFrame(again.nodes), pd.DataFrame(town.nodes))


def test_every_class_that_an_import_can_give_has_a_row_and_a_limit():
    given = {meant.road_class for meant in HIGHWAYS.values()} | {motorway_class(x) for x in (60, 80, 89, 90, 110, 120)}
    assert given | {"urban_expressway"} == set(CLASSES["road_class"]) == set(CLASS_LIMITS_KMH)


def test_a_base_keeps_its_own_classes(repository):
    base = sim.read_network(repository / "networks" / "yrd").road_classes
    both = classes_with(base)
    pd.testing.assert_frame_equal(both.iloc[: len(base)], base)
    assert set(both["road_class"]) >= set(CLASSES["road_class"])
    assert both["road_class"].is_unique


CLIPPED = """<osm version="0.6"><node id="1" lat="31.0" lon="119.2"/>
<way id="9"><nd ref="1"/><nd ref="2"/><tag k="highway" v="trunk"/></way></osm>"""
STREETS = CLIPPED.replace("trunk", "residential").replace("<way", '<node id="2" lat="31.1" lon="119.2"/><way')


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("roads.osm", None, "file is missing"),
        ("roads.osm", "not XML at all", "cannot be read as OpenStreetMap XML"),
        ("roads.osm", "<html><body>Too many requests</body></html>", "OpenStreetMap XML"),
        ("roads.osm", "<osm version='0.6'></osm>", "OpenStreetMap XML"),
        ("roads.osm", CLIPPED, "complete_ways"),
        ("roads.osm", STREETS, "has no main roads (motorway, trunk, primary, secondary, tertiary); what it has is residential"),
        ("roads.osm.gz", "not compressed", "cannot be read as OpenStreetMap XML"),
        ("roads.osm.bz2", "not compressed", "cannot be read as OpenStreetMap XML"),
        ("roads.osm.pbf", "not a PBF", "cannot be read as OpenStreetMap PBF"),
        ("roads.graphml", "<graphml/>", "cannot be read as GraphML"),
        ("roads.graphml", "nothing", "cannot be read as GraphML"),
        ("roads.shp", "anything", "known are .osm, .osm.gz, .osm.bz2, .osm.pbf, .graphml"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_sentence_and_leaves_nothing(name, text, expected, tmp_path):
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        run(path, tmp_path / "made" / "network")
    assert len(error.value.problems) == 1
    assert name in error.value.problems[0]
    assert expected in error.value.problems[0]
    assert not (tmp_path / "made").exists()


def test_a_place_without_internet_says_what_to_do(monkeypatch, tmp_path):
    def fail(*_, **__):
        raise ConnectionError("Failed to resolve 'nominatim.openstreetmap.org'")

    monkeypatch.setattr(ox, "graph_from_place", fail)
    with pytest.raises(InputError) as error:
        run("Ningbo, China", tmp_path / "ningbo")
    assert len(error.value.problems) == 1
    assert "there is no internet here" in error.value.problems[0]
    assert "Download an extract" in error.value.problems[0]
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_asked_for_its_main_roads_only(monkeypatch):
    asked = {}

    def answer(place, **options):
        asked.update(options, place=place, cache=ox.settings.use_cache)
        return ox.graph_from_xml(TOWN, simplify=False, retain_all=True)

    kept = ox.settings.use_cache
    monkeypatch.setattr(ox, "graph_from_place", answer)
    assert read_osm("Ningbo, China").number_of_edges() > 0
    assert asked["place"] == "Ningbo, China"
    assert asked["cache"] is False
    assert ox.settings.use_cache is kept
    assert "|tertiary|" in asked["custom_filter"]
    assert "residential" not in asked["custom_filter"]


def test_an_unknown_place_is_one_sentence(monkeypatch):
    def fail(*_, **__):
        raise ValueError("Nominatim returned no results")

    monkeypatch.setattr(ox, "graph_from_place", fail)
    with pytest.raises(InputError, match="no roads of a place of that name"):
        read_osm("Nowhere at all")
