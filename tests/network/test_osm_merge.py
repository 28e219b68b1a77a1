"""An extract put in the place of a base network's roads, and the folder that is written."""

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from osm_town import CLASSES, EASTBOUND, TOWN, TRUNK, WESTBOUND, km, place_of, run

import sim
from sim.errors import InputError
from sim.network.osm import read_osm
from sim.network.osm_merge import area_of, authored_inside, replace_roads
from sim.network.osm_roads import roads_of
from sim.network.osm_stitch import Stitcher
from sim.network.osm_write import NEEDED_FILES
from sim.region.region import read_region
from sim.times.roads import compile_roads


@pytest.fixture(scope="module")
def town():
    return roads_of(read_osm(str(TOWN)), CLASSES)


@pytest.fixture(scope="module")
def grid_network(repository):
    return sim.read_network(repository / "networks" / "grid")


# The town put on a base: a trunk road along its own from 119.1 to 119.5, a motorway in two pieces, a road far away.
def with_base_roads(network, rows):
    places = sorted({place for _, line in rows for place in line})
    number = {place: i + 1 for i, place in enumerate(places)}
    links = gpd.GeoDataFrame(
        [
            {"link_id": i, "from_node": number[line[0]], "to_node": number[line[-1]], "km": 1.1 * km(*line),
             "road_class": road_class, "ref": "", "name": "", "structure": "surface", "opening_date": pd.NaT,
             "origin": "osm"}
            for i, (road_class, line) in enumerate(rows, start=1)
        ],
        geometry=[shapely.LineString(line) for _, line in rows],
        crs="EPSG:4326",
    )  # fmt: skip
    links["opening_date"] = pd.to_datetime(links["opening_date"]).astype("datetime64[s]")
    nodes = gpd.GeoDataFrame(
        {"node_id": list(number.values()), "entered": "yes"}, geometry=gpd.points_from_xy(*zip(*places, strict=True)),
        crs="EPSG:4326",
    )  # fmt: skip
    return dataclasses.replace(network, road_links=links, road_nodes=nodes)


BASE_ROADS = [
    ("trunk", ((119.1, TRUNK), (119.3, TRUNK))),
    ("trunk", ((119.3, TRUNK), (119.5, TRUNK))),
    ("motorway_100", ((119.1, EASTBOUND), (119.35, EASTBOUND))),
    ("trunk", ((119.1, 31.2), (119.5, 31.2))),
]


@pytest.fixture(scope="module")
def merged(grid_network, town):
    return replace_roads(with_base_roads(grid_network, BASE_ROADS), town, CLASSES)


def test_base_roads_inside_the_area_go_and_those_outside_stay(merged, town, grid_network):
    links = merged.roads.links
    area = area_of(town.links, grid_network.crs)
    kept = links[links["origin"] == "osm"]
    assert not kept.to_crs(grid_network.crs).intersects(area.buffer(-1)).any()
    assert (links["origin"] == "openstreetmap").sum() == len(town.links)
    # A base road is 1.1 times as long as drawn, and so is what is left of it.
    lines = kept.geometry
    assert kept["km"].to_numpy() == pytest.approx([1.1 * km(*line.coords) for line in lines], rel=1e-3)
    # The road far away is as it was; of the trunk road 119.1 to 119.205 less the margin of 300 m is left in the west.
    west = kept[lines.map(lambda line: line.coords[0] == (119.1, TRUNK))]["km"].to_numpy()
    assert west == pytest.approx([1.1 * (km((119.1, TRUNK), (119.205, TRUNK)) - 0.3)], abs=0.05)
    assert 1.1 * km((119.1, 31.2), (119.5, 31.2)) == pytest.approx(kept["km"].max(), rel=1e-6)
    assert merged.removed_km == pytest.approx(sum(1.1 * km(*line) for _, line in BASE_ROADS) - kept["km"].sum())


def test_base_roads_are_stitched_to_the_extract_and_each_carriageway_is_joined_in_its_direction(merged):
    # The trunk road at both ends and the motorway in the west; in the east it ended inside the area.
    assert (merged.n_cut, merged.n_stitched) == (3, 3)
    stitches = merged.roads.links[merged.roads.links["origin"] == "openstreetmap-stitch"]
    of_motorway = stitches[stitches["road_class"] == "motorway_100"]
    assert set(of_motorway["both_directions"]) == {"no"}
    starts, ends = ([line.coords[i] for line in of_motorway.geometry] for i in (0, -1))
    # The cut is 300 m west of 119.203: in to the start of one carriageway, out from the end of the other.
    assert (119.203, EASTBOUND) in ends
    assert (119.203, WESTBOUND) in starts
    assert len(of_motorway) == 2
    assert set(stitches.loc[stitches["road_class"] == "trunk", "both_directions"]) == {"yes"}
    assert stitches["km"].max() < 1.0


def test_ends_that_nothing_fits_are_listed(merged, grid_network, town):
    # The carriageways end at 119.39 and the base's motorway does not reach there.
    ends = merged.loose_ends
    assert set(zip(ends["side"], ends["road_class"], ends["lon"].round(3), strict=True)) == {
        ("extract", "motorway_120", 119.39)
    }
    # A base road that comes from the south meets the area 0.3 km south of the street's end, which cannot be left south ...
    lonely = with_base_roads(grid_network, [("trunk", ((119.26, 31.0), (119.26, 31.044)))])
    found = replace_roads(lonely, town, CLASSES)
    # ... but the trunk road is within 1 km of its end, at one of the pieces' ends.
    assert (found.n_cut, found.n_stitched) == (1, 1)


def test_a_road_that_only_touches_the_area_stays_whole(grid_network, town):
    # It runs 400 m from the second bridge's end in the river, where no road is entered or ends on land.
    grazing = ((119.15, 31.0285), (119.31, 31.0350), (119.47, 31.0285))
    base = with_base_roads(grid_network, [("motorway_100", grazing)])
    kept = replace_roads(base, town, CLASSES).roads.links
    kept = kept[kept["origin"] == "osm"]
    assert kept["km"].sum() == pytest.approx(1.1 * km(*grazing), rel=1e-3)


def test_a_stitch_does_not_cross_wide_water_unless_on_a_bridge(grid_network, town):
    # 500 m south of the trunk road's western end, with 300 m of water in between.
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", grid_network.crs, always_xy=True).transform
    x, y = to_plane(119.205, TRUNK)
    water = shapely.box(x - 2000, y - 400, x + 2000, y - 100)
    stitcher = Stitcher(town, CLASSES, grid_network.crs, water)
    road = {"road_class": "trunk", "structure": "surface"}
    assert stitcher.find(np.array([x, y - 500]), road) == []
    end = int(town.nodes["node_id"][place_of(town.nodes).index((119.205, TRUNK))])
    assert stitcher.find(np.array([x, y - 500]), road | {"structure": "bridge"}) == [(end, "both")]


def test_authored_roads_inside_the_area_are_named(grid_network, town):
    # The bridge of networks/grid lies within 1 km of the trunk road; its motorway begins in the far north-west corner.
    assert list(authored_inside(grid_network, town)["road_id"]) == ["bridge"]


def test_an_import_on_a_base_is_a_network_that_runs(repository, tmp_path, capsys, town):
    n_town = len(town.links)
    base = repository / "networks" / "grid"
    assert run(TOWN, tmp_path / "town", base) == 0
    shown = capsys.readouterr().out
    assert "river_town.osm" in shown
    assert "bridge" in shown
    network = sim.read_network(tmp_path / "town")
    before = sim.read_network(base)
    for name in set(before.tables) - {"road_classes"}:
        pd.testing.assert_frame_equal(network.tables[name], before.tables[name])
    assert len(network.road_links) == n_town
    assert len(network.as_of("1999-01-01").road_links) == n_town
    region = read_region(network.folder, network)
    # The town's bridge and the base's own are within reach of one another.
    graph = compile_roads(
        region.grid, network.road_nodes, network.road_links, network.roads, network.road_points, network.ferries,
        network.road_classes,
    )  # fmt: skip
    assert len(graph.nodes) > len(network.road_nodes)


def test_region_files_outside_the_base_are_found_from_the_new_folder(repository, tmp_path):
    base = tmp_path / "networks" / "base"
    base.mkdir(parents=True)
    region = tmp_path / "data"
    region.mkdir()
    source = repository / "networks" / "grid"
    for path in source.iterdir():
        in_region = path.stem in {"cells", "counties", "cities", "places", "city_sets"}
        text = path.read_bytes()
        if path.name == "network.toml":
            head, _, paths = text.decode().partition("[region]\n")
            text = (head + "[region]\n" + paths.replace('= "', '= "../../data/')).encode()
        ((region if in_region else base) / path.name).write_bytes(text)
    run(TOWN, tmp_path / "elsewhere" / "deeper" / "town", base)
    network = sim.read_network(tmp_path / "elsewhere" / "deeper" / "town")
    assert network.file.region.cells.as_posix() == "../../../data/cells.tif"
    assert read_region(network.folder, network).grid.is_land.any()


def test_without_a_base_the_folder_has_roads_and_says_what_is_missing(tmp_path, capsys):
    target = tmp_path / "town"
    run(TOWN, target)
    assert sorted(path.name for path in target.iterdir()) == ["network.toml", "road_classes.csv", "roads.gpkg"]
    shown = capsys.readouterr().out
    assert all(name in shown for name in NEEDED_FILES)
    with pytest.raises(InputError) as error:
        sim.read_network(target)
    assert all("stations.csv" in problem or "lines.csv" in problem for problem in error.value.problems)


def test_an_existing_folder_is_not_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        run(TOWN, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_missing_base_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="no such network folder"):
        run(TOWN, tmp_path / "town", tmp_path / "nothing")
