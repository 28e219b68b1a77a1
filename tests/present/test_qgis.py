"""Styles and projects for QGIS: well-formed, the colours of the maps, relative paths."""

import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.colors import to_rgb

from sim.present.difference_maps import CHANGE_CLASSES, list_change_looks
from sim.present.qgis import (
    Category,
    ProjectLayer,
    add_styles,
    change_polygons,
    spell_style,
    style_changes,
    style_isochrones,
    style_network,
    write_project,
)
from sim.present.qgis_project import write_network_layer
from sim.present.style import STATUS_LOOKS, band_colours
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


def test_changes_and_statuses_have_the_colours_of_the_maps():
    _, changes = read_style(spell_style("change", style_changes(), "fill"))
    looks = dict(zip(CHANGE_CLASSES, list_change_looks(), strict=True))
    assert {value: options["color"] for value, options in changes.items()} == {
        name: spelt(look.colour) for name, look in looks.items()
    }
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


def test_change_polygons_have_the_area_and_people_of_their_cells(grid, minutes):
    areas = change_polygons(minutes, 0.75 * minutes, grid).set_index("change")
    # 100 rows; newly within 120 min are the 20 columns from x = 10 to 30 km (see the difference map), one person a cell.
    assert areas.loc["newly-reached", "area_km2"] == pytest.approx(2000.0)
    assert areas.loc["newly-reached", "population"] == pytest.approx(2000.0)
    assert shapely.area(areas.loc["newly-reached", "geometry"]) == pytest.approx(2000.0 * 1e6)
    # Together they are all of the land.
    assert areas["area_km2"].sum() == pytest.approx(float(grid.is_land.sum()))
    assert np.isfinite(minutes[grid.is_land]).sum() + areas.loc["unreachable", "area_km2"] == grid.is_land.sum()


def test_a_project_opens_its_layers_by_relative_paths(tmp_path):
    layer = ProjectLayer(
        "宁波", "plan/isochrones.gpkg", "ningbo", "fill", "cutoff_min", (Category("60", "≤60", "#112233"),)
    )
    path = write_project(tmp_path / "study.qgs", [layer], title="研究 <A&B>", crs=CRS)
    root = ET.parse(path).getroot()
    assert root.findtext("title") == "研究 <A&B>"
    sources = [
        *(one.text for one in root.iter("datasource")),
        *(one.get("source") for one in root.iter("layer-tree-layer")),
    ]
    assert sources == ["./plan/isochrones.gpkg|layername=ningbo"] * 2
    assert root.findtext("properties/Paths/Absolute") == "false"
    assert str(tmp_path) not in path.read_text(encoding="utf-8")
    assert {one.get("id") for one in root.iter("layer-tree-layer")} == {
        one.findtext("id") for one in root.iter("maplayer")
    }
    again = write_project(tmp_path / "again.qgs", [layer], title="研究 <A&B>", crs=CRS)
    assert path.read_bytes() == again.read_bytes()


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
