"""Styles and projects for QGIS: well-formed, the colours of the maps, relative paths."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import geopandas as gpd
import pytest
import shapely
from matplotlib.colors import to_rgb

import sim
from sim.present.qgis import (
    Category,
    add_styles,
    spell_style,
    style_isochrones,
    style_network,
)
from sim.present.qgis_file import ProjectLayer, write_project
from sim.present.qgis_project import write_network_layer, write_study_project
from sim.present.style import SEA_COLOUR, STATUS_LOOKS, band_colours
from tests.present.coast import CRS


def read_style(style):
    """Value -> colour of the first symbol layer, and its options."""
    root = ET.fromstring(style)
    renderer = root.find("renderer-v2")
    found = {}
    for category in renderer.iter("category"):
        symbol = next(one for one in renderer.iter("symbol") if one.get("name") == category.get("symbol"))
        options = {option.get("name"): option.get("value") for option in symbol.find("layer").iter("Option")}
        found[category.get("value")] = options
    return renderer, found


def spelt(colour):
    return ",".join([*(str(round(255 * part)) for part in to_rgb(colour)), "255"])


def test_isochrones_have_the_colours_of_the_maps_and_the_nearest_on_top():
    renderer, found = read_style(spell_style("cutoff_min", style_isochrones((30, 60, 90, 120, 180)), "fill"))
    assert {value: options["color"] for value, options in found.items()} == {
        value: spelt(colour) for value, colour in zip(("30", "60", "90", "120", "180"), band_colours(5), strict=True)
    }
    # The two circles have an outline, the others none.
    assert [value for value, options in found.items() if options["outline_style"] == "solid"] == ["60", "120"]
    order = renderer.find("orderby/orderByClause")
    assert (order.text, order.get("asc")) == ('"cutoff_min"', "0")
    assert renderer.get("attr") == "cutoff_min"


def test_statuses_have_the_colours_of_the_maps():
    _, lines = read_style(spell_style("status", style_network(), "line"))
    assert {status: lines[status]["line_color"] for status in STATUS_LOOKS} == {
        status: spelt(colour) for status, (colour, _) in STATUS_LOOKS.items()
    }
    assert lines["studied"]["use_custom_dash"] == "1"
    assert lines["building"]["use_custom_dash"] == "0"


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "isochrones.gpkg"
    for layer in ("ningbo", "shanghai"):
        frame = gpd.GeoDataFrame({"cutoff_min": [60.0]}, geometry=[shapely.box(0, 0, 1000, 1000)], crs=CRS)
        frame.to_file(path, layer=layer, driver="GPKG")
    return path


def test_a_styled_package_has_one_default_style_a_layer_and_still_opens(package):
    style = spell_style("cutoff_min", style_isochrones((60, 120)), "fill")
    for _ in range(2):
        add_styles(package, {"ningbo": style, "shanghai": style})
    with closing(sqlite3.connect(package)) as database:
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles ORDER BY f_table_name"
        ).fetchall()
        registered = database.execute(
            "SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'"
        ).fetchall()
        columns = [row[1] for row in database.execute("PRAGMA table_info(layer_styles)")]
    assert rows == [("ningbo", "geom", 1, style), ("shanghai", "geom", 1, style)]
    assert registered == [("attributes",)]
    # The columns that QGIS looks for, by these names.
    wanted = "id f_table_catalog f_table_schema f_table_name f_geometry_column styleName styleQML styleSLD useAsDefault"
    assert columns == [*wanted.split(), "description", "owner", "ui", "update_time"]
    assert gpd.read_file(package, layer="ningbo")["cutoff_min"].tolist() == [60.0]


CLASSES = (Category("60", "≤60", "#112233"),)
LAYERS = [
    ProjectLayer("路网", "network.gpkg", "network", "line", "status", style_network()),
    ProjectLayer("宁波", "plan/isochrones.gpkg", "ningbo", "fill", "cutoff_min", CLASSES, group="<规划>"),
    ProjectLayer("上海", "plan/isochrones.gpkg", "shanghai", "fill", "cutoff_min", CLASSES, "<规划>", "hidden"),
    ProjectLayer("宁波", "base/isochrones.gpkg", "ningbo", "fill", "cutoff_min", CLASSES, "现状", "hidden"),
]


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "study.qgs"
    return write_project(path, LAYERS, title="研究 <A&B>", crs=CRS, background=SEA_COLOUR, view=(1.0, 2.0, 30.0, 40.0))


def test_a_project_opens_its_layers_by_relative_paths(project, tmp_path):
    root = ET.parse(project).getroot()
    assert root.findtext("title") == "研究 <A&B>"
    wanted = [f"./{layer.path}|layername={layer.layer}" for layer in LAYERS]
    assert [one.text for one in root.iter("datasource")] == wanted
    assert [one.get("source") for one in root.iter("layer-tree-layer")] == wanted
    assert root.findtext("properties/Paths/Absolute") == "false"
    assert str(tmp_path) not in project.read_text(encoding="utf-8")
    again = write_project(
        tmp_path / "again.qgs", LAYERS, title="研究 <A&B>", crs=CRS, background=SEA_COLOUR, view=(1.0, 2.0, 30.0, 40.0)
    )
    assert project.read_bytes() == again.read_bytes()


def test_the_list_of_layers_finds_each_layer_by_an_id_that_qgis_keeps(project):
    root = ET.parse(project).getroot()
    listed = [one.get("id") for one in root.iter("layer-tree-layer")]
    assert listed == [one.findtext("id") for one in root.iter("maplayer")]
    assert len(set(listed)) == len(LAYERS)
    assert min(len(one) for one in listed) > 10  # QGIS replaces shorter ones, and the list would then find no layer


def test_layers_stand_in_groups_and_only_what_is_to_be_seen_is_checked(project):
    tree = ET.parse(project).getroot().find("layer-tree-group")
    groups = tree.findall("layer-tree-group")
    assert [(group.get("name"), group.get("expanded"), len(group)) for group in groups] == [
        ("<规划>", "1", 2),
        ("现状", "0", 1),
    ]
    checked = [one.get("checked") == "Qt::Checked" for one in tree.iter("layer-tree-layer")]
    assert checked == [True, True, False, False]


def test_a_project_opens_in_its_own_crs_over_the_sea_at_its_view(project):
    root = ET.parse(project).getroot()
    assert root.findtext("properties/SpatialRefSys/ProjectionsEnabled") == "1"  # without it QGIS ignores projectCrs
    assert root.findtext("projectCrs/spatialrefsys/proj4") == CRS
    parts = [int(root.findtext(f"properties/Gui/CanvasColor{name}Part")) for name in ("Red", "Green", "Blue")]
    assert parts == [round(255 * part) for part in to_rgb(SEA_COLOUR)]
    extent = root.find("mapcanvas/extent")
    assert [float(extent.findtext(name)) for name in ("xmin", "ymin", "xmax", "ymax")] == [1.0, 2.0, 30.0, 40.0]


def test_the_project_of_a_study_shows_one_place_of_the_last_scenario_between_land_and_railways(
    repository, line5, tmp_path
):
    tiny = sim.read_study(repository / "scenarios" / "tutorial").region
    plain = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100_000, 50_000)], crs=line5.crs)
    lake = gpd.GeoDataFrame(geometry=[shapely.box(10_000, 10_000, 11_000, 11_000)], crs=line5.crs)
    for layer, polygons in (("land", plain), ("water", lake)):
        polygons.to_crs("EPSG:4326").to_file(tmp_path / "coast.gpkg", layer=layer, driver="GPKG")
    region = replace(tiny, land_path=tmp_path / "coast.gpkg")
    scenarios = {"base": "现状", "plan": "规划"}
    for name in scenarios:
        (tmp_path / name).mkdir()
    path = write_study_project(
        tmp_path,
        title="研究",
        scenarios=scenarios,
        places={"a": "甲", "b": "乙"},
        cutoffs_min=[60, 120],
        network=line5,
        region=region,
        projects={},
    )
    tree = ET.parse(path).getroot().find("layer-tree-group")
    shown = [one.get("name") for one in tree.iter("layer-tree-layer") if one.get("checked") == "Qt::Checked"]
    assert shown == ["铁路网 railways", "湖泊 lakes", "甲 · 规划", "陆地 land"]
    assert len(list(tree.iter("layer-tree-layer"))) == 3 + 2 * 2
    land = gpd.read_file(tmp_path / "ground.gpkg", layer="land")
    assert land.geometry.area.sum() == pytest.approx(100e3 * 50e3, rel=1e-6)


def test_layers_of_a_study_stay_while_nothing_that_they_are_made_from_has_changed(repository, line5, tmp_path):
    def write(made_from):
        arguments = {
            "scenarios": {"base": "现状"},
            "places": {"a": "甲"},
            "cutoffs_min": [60],
            "network": line5,
            "projects": {},
        }
        region = sim.read_study(repository / "scenarios" / "tutorial").region
        write_study_project(tmp_path, title="研究", region=region, made_from=made_from, **arguments)
        return path.stat().st_mtime_ns

    path = tmp_path / "network.gpkg"
    first = write("x")
    assert write("x") == first
    second = write("y")  # other inputs
    assert second > first
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM layer_styles")  # somebody has changed it
    assert write("y") > second
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM layer_styles").fetchone() == (1,)
    path.unlink()
    write("y")
    assert path.exists()
    third = path.stat().st_mtime_ns
    assert write("") > third  # not known what they are made from


def test_a_network_layer_tells_what_exists_by_status_and_has_its_style(line5, tmp_path):
    # Written over what an earlier run left, nothing of which stays.
    for _ in range(2):
        path = write_network_layer(tmp_path / "network.gpkg", line5, {})
    layer = gpd.read_file(path, layer="network")
    assert set(layer["status"]) == {"existing"}
    assert len(layer) == 4
    with closing(sqlite3.connect(path)) as database:
        (style,) = database.execute("SELECT styleQML FROM layer_styles").fetchone()
    assert read_style(style)[0].get("attr") == "status"
