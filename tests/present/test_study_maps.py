"""Maps of the network, the sea, distance as time and one number a city, on the small coast and on five stations."""

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

import sim
from sim.present.city_maps import colour_of, disc_pt, draw_city_change_map
from sim.present.crossing_maps import draw_crossing_map, keep_over_sea
from sim.present.distorted_maps import distort, draw_distorted_map
from sim.present.ground import long_crossings
from sim.present.maps import BaseMap, MapLayers, Place, draw_network_map, map_style
from sim.present.network_maps import list_projects
from sim.present.rail_sections import list_project_sections
from sim.present.style import FASTER_COLOURS, NO_CHANGE_COLOUR, SLOWER_COLOURS, STATUS_LOOKS
from sim.present.surface import draw_heavy_lines
from sim.scenario.project import read_projects
from tests.present.coast import COAST_BOX, COLUMNS, CRS, ROWS, at, find_by_gid, make_text, read_texts

ORIGIN = Place("宁波", "Ningbo", *at(-45, 0))
CARD_LINE = """
[[change]]
type = "add_line"
line = "branch"
name = "支线"
name_en = "Branch"
kind = "hsr"
design_speed_kmh = 200
speed_kmh = 200
reference_class = "250"
stops = [{ station = "b", km = 0 }, { station = "d", km = 60 }]
"""


@pytest.fixture
def projects(write_card, tmp_path):
    write_card("branch", CARD_LINE)
    return read_projects(tmp_path)


def test_a_project_is_drawn_along_the_stations_of_its_lines_with_its_status_and_year(line5, projects):
    sections = list_project_sections(line5, projects)
    assert sections[["project_id", "line_id", "status", "opening_year"]].to_numpy().tolist() == [
        ["branch", "branch", "planned", 2030]
    ]
    places = line5.stations.set_index("station_id")[["lon", "lat"]]
    assert shapely.get_coordinates(sections.geometry.iloc[0]).tolist() == places.loc[["b", "d"]].to_numpy().tolist()
    assert list_projects(projects)[["project_id", "status", "opening_year"]].to_numpy().tolist() == [
        ["branch", "planned", 2030]
    ]


def coast_line(*points):
    return shapely.LineString([at(*point) for point in points])


@pytest.fixture(scope="module")
def network_sheet(base, layers):
    sections = gpd.GeoDataFrame(
        {
            "project_id": ["p1", "p2", "p2"],
            "line_id": ["l1", "l2", "l2"],
            "kind": ["hsr", "road", "road"],
            "status": ["building", "studied", "studied"],
            "opening_year": [2027, 2035, 2035],
        },
        geometry=[coast_line((-40, -20), (30, -20)), coast_line((0, 30), (20, 30)), coast_line((20, 30), (40, 30))],
        crs="EPSG:4326",
    )
    projects = pd.DataFrame(
        [
            ("p1", "一号铁路", "Railway one", "building", 2027, 100.0),
            ("p2", "二号公路", "Road two", "studied", 2035, None),
            ("p3", "只开行列车", "Trains only", "planned", 2030, None),
        ],
        columns=["project_id", "name", "name_en", "status", "opening_year", "cost_100m_cny"],
    )
    return draw_network_map(sections, projects, base=base, layers=layers, text=make_text(), bbox=COAST_BOX)


def test_projects_are_numbered_on_the_map_and_listed_with_year_and_status(network_sheet):
    assert [text.get_text() for text in find_by_gid(network_sheet, "badge-number")] == ["1", "2"]
    listed = [text.get_text() for text in find_by_gid(network_sheet, "list-words")]
    assert listed == ["一号铁路 Railway one  2027  在建", "二号公路 Road two  2035  研究"]


def test_status_is_told_by_dashes_as_well_as_by_colour(network_sheet):
    (building,) = find_by_gid(network_sheet, "project-rail-building-1")
    (studied,) = find_by_gid(network_sheet, "project-road-studied-1")
    assert building.get_linestyle()[0][1] is None
    assert studied.get_linestyle()[0][1] is not None
    dashes = [look[1] for look in STATUS_LOOKS.values()]
    assert dashes[0] is None
    assert len(set(dashes[1:])) == len(dashes) - 1


def test_short_crossings_are_left_out_and_the_pieces_of_a_long_one_count_together(base: BaseMap):
    pieces = [coast_line((60, 0), (70, 0)), coast_line((70, 0), (80, 0)), coast_line((60, 20), (65, 20))]
    roads = gpd.GeoDataFrame({"status": ["existing"] * 3}, geometry=pieces, crs="EPSG:4326")
    # 5 km to a millimetre: 20 km are 4 mm and stay, 5 km are 1 mm and go.
    kept = long_crossings(roads, base, 5000.0)
    assert kept.geometry.length.div(1000).round().tolist() == [20.0]


def test_a_new_crossing_is_never_left_out(base: BaseMap):
    roads = gpd.GeoDataFrame({"status": ["new"]}, geometry=[coast_line((60, 0), (61, 0))], crs="EPSG:4326")
    assert len(long_crossings(roads, base, 5000.0)) == 1


@pytest.fixture(scope="module")
def crossings():
    return gpd.GeoDataFrame(
        [
            ("跨海大桥", "Sea bridge", "road", "open", 2008, coast_line((45, 0), (80, 0))),
            ("轮渡", "Ferry", "ferry", "open", 1995, coast_line((49, -20), (90, -20))),
            ("内陆铁路", "Inland railway", "rail", "building", 2030, coast_line((-40, 10), (40, 10))),
            ("远处", "Far away", "road", "open", 2000, coast_line((400, 0), (450, 0))),
        ],
        columns=["name", "name_en", "kind", "status", "opening_year", "geometry"],
        geometry="geometry",
        crs="EPSG:4326",
    )


def test_only_what_leads_over_water_inside_the_box_is_a_crossing(crossings, base: BaseMap):
    assert keep_over_sea(crossings, base, COAST_BOX)["name"].tolist() == ["跨海大桥", "轮渡"]


def test_crossings_are_listed_with_year_and_status_and_ferries_dotted_without_number(crossings, base, layers, minutes):
    sheet = draw_crossing_map(
        keep_over_sea(crossings, base, COAST_BOX),
        minutes=minutes,
        base=base,
        layers=layers,
        origin=ORIGIN,
        text=make_text(),
        bbox=COAST_BOX,
    )
    assert [text.get_text() for text in find_by_gid(sheet, "list-words")] == [
        "跨海大桥（公路桥隧 2008 已开通） Sea bridge"
    ]
    (ferry,) = find_by_gid(sheet, "crossing-ferry-open-1")
    assert ferry.get_linestyle()[0][1] is not None
    assert "轮渡 ferry" in read_texts(sheet)


def test_distorted_points_keep_their_bearing_and_take_their_minutes_as_distance():
    generator = np.random.default_rng(4)
    x_m, y_m, minutes = generator.normal(0, 1e5, 50), generator.normal(0, 1e5, 50), generator.uniform(5, 300, 50)
    moved = distort(x_m, y_m, minutes, (1000.0, -2000.0))
    assert np.hypot(*moved.T) == pytest.approx(minutes)
    assert np.arctan2(moved[:, 0], moved[:, 1]) == pytest.approx(np.arctan2(x_m - 1000.0, y_m + 2000.0))


def test_a_distorted_map_has_rings_moves_and_says_that_it_has_no_scale(base: BaseMap):
    cities = pd.DataFrame(
        [
            ("甲", "A", *at(5, 0), 100.0, 150.0),
            ("乙", "B", *at(-45, 30), 60.0, 60.0),
            ("丙", "C", *at(45, 0), 900.0, 900.0),
        ],
        columns=["name", "name_en", "lon", "lat", "minutes", "before_min"],
    )
    sheet = draw_distorted_map(cities, base=base, origin=ORIGIN, text=make_text(), limit_min=200.0)
    rings = {gid: find_by_gid(sheet, gid)[0] for gid in ("ring-60", "ring-120", "ring-180")}
    assert [ring.get_radius() for ring in rings.values()] == [60.0, 120.0, 180.0]
    assert rings["ring-60"].get_linewidth() > rings["ring-120"].get_linewidth() > rings["ring-180"].get_linewidth()
    # A lies due east of the origin (the axes of the projection are turned by less than a degree there).
    first = find_by_gid(sheet, "city")[0]
    assert first.get_xdata()[0] == pytest.approx(100.0, abs=0.1)
    assert abs(first.get_ydata()[0]) < 2.0
    assert len(find_by_gid(sheet, "city")) == 2
    # B stays where it was: one move only.
    assert len(find_by_gid(sheet, "move")) == 1
    texts = read_texts(sheet).replace("\n", "")
    assert "变形示意图" in texts
    assert "投影" not in texts.replace("无比例尺与投影", "")
    assert not find_by_gid(sheet, "scale-bar-0")


def test_the_disc_of_a_city_grows_with_the_change_and_its_colour_tells_the_direction(base: BaseMap, layers: MapLayers):
    cities = pd.DataFrame(
        [
            ("甲", "A", *at(0, 0), 100.0, 70.0),
            ("乙", "B", *at(20, 0), 100.0, 107.0),
            ("丙", "C", *at(-20, 0), 100.0, 99.9),
        ],
        columns=["name", "name_en", "lon", "lat", "before_min", "after_min"],
    )
    ground = dataclasses.replace(layers, places=None, stations=None)
    sheet = draw_city_change_map(cities, base=base, layers=ground, text=make_text(), bbox=COAST_BOX)
    discs = find_by_gid(sheet, "city-disc")
    # 30 minutes saved: class 4 (20 to 40); 7 lost: class 2; 0.1: no change.
    wanted = [FASTER_COLOURS[3], SLOWER_COLOURS[1], NO_CHANGE_COLOUR]
    assert [to_hex(disc.get_markerfacecolor()) for disc in discs] == wanted
    assert [colour_of(saved) for saved in (30.0, -7.0, 0.1)] == wanted
    assert (disc_pt(40.0) / disc_pt(10.0)) ** 2 == pytest.approx(4.0)
    texts = read_texts(sheet)
    assert "甲 \N{MINUS SIGN}30" in texts
    assert "乙 +7" in texts
    assert "丙 0" in texts


def test_a_small_circle_still_gets_its_line_and_its_minutes(base: BaseMap, layers: MapLayers):
    # On the plain, 40 min a km: the 60-minute line is a ring of 1.5 km radius, 9 km around. At about 0.65 km a mm that is
    # 14 mm: under the 15 from which a line carries its minutes on itself.
    columns, rows = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    minutes = 40.0 * np.hypot(columns - 50, rows - 50)
    sheet = sim.maps.draw_isochrone_map(
        minutes=minutes, base=base, layers=layers, origin=Place("岛", "Island", *at(0, 0)), text=make_text()
    )
    assert find_by_gid(sheet, "isochrone-60")[0].get_segments()
    assert find_by_gid(sheet, "isochrone-name-60")


def test_a_ring_is_drawn_when_it_is_the_only_one_and_dropped_beside_a_long_line(base: BaseMap):
    columns, rows = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    ring = 20.0 * np.hypot(columns - 50, rows - 50)
    both = np.minimum(ring, 2.0 * (columns + 0.5))
    with map_style():
        figure = sim.maps.draw_isochrone_map(
            minutes=ring, base=base, layers=MapLayers(), origin=ORIGIN, text=make_text(), bbox=COAST_BOX
        )
        ax = figure.axes[0]
        extent = sim.maps.choose_extent(base, bbox=COAST_BOX, width_over_height=1.0)
        # The ring is 19 km long: 3.8 mm at 5 km a mm.
        alone = draw_heavy_lines(ax, base, extent, minutes=ring, heavy_min=[60.0], m_per_mm=5000.0)
        beside = draw_heavy_lines(ax, base, extent, minutes=both, heavy_min=[60.0], m_per_mm=5000.0)
    assert [len(lines) for lines in alone.values()] == [1]
    assert [len(lines) for lines in beside.values()] == [1]
    assert np.ptp(beside[60.0][0][:, 1]) > 60_000.0


@pytest.fixture(scope="module")
def five_towns(repository, tmp_path_factory):
    """A run of the tutorial whose region has a coast: land around all its towns."""
    result = sim.read_study(repository / "scenarios" / "tutorial").run("base")
    path = tmp_path_factory.mktemp("land") / "land.gpkg"
    box = shapely.box(-500_000, -500_000, 500_000, 500_000)
    for layer, shape in (("land", box), ("water", shapely.box(0, 0, 10, 10))):
        gpd.GeoDataFrame(geometry=[shape], crs=CRS).to_crs("EPSG:4326").to_file(path, layer=layer)
    return dataclasses.replace(result, region=dataclasses.replace(result.region, land_path=path))


def test_the_isochrones_of_a_result_are_one_call(five_towns):
    figure = sim.maps.draw_isochrones(five_towns, "a")
    texts = read_texts(figure).replace("\n", "")
    people = five_towns.reach.query("place == 'a' and mode == 'best' and cutoff_min == 60")["population"].iloc[0]
    assert people > 1000
    assert f"{round(people, -3):,.0f} people within 60 min" in texts
    assert "2026" in texts
    canvas = FigureCanvasAgg(figure)
    with map_style():
        canvas.draw()


def test_a_result_without_a_coast_says_what_is_missing(repository):
    result = sim.read_study(repository / "scenarios" / "tutorial").run("base")
    with pytest.raises(sim.InputError, match="polygons of land and water"):
        sim.maps.draw_isochrones(result, "a")


def test_a_place_without_a_surface_is_named(five_towns):
    with pytest.raises(sim.InputError, match="no surface for place 'e'"):
        sim.maps.draw_isochrones(five_towns, "e")


def test_the_same_result_compared_with_itself_gains_nothing(five_towns):
    figure = sim.maps.draw_side_by_side(five_towns, five_towns, "a", view="near")
    texts = read_texts(figure)
    assert "1小时圈人口不变，2小时圈人口不变" in texts
    assert "no change within 60 min, no change within 120 min" in texts
    left, right = figure.axes[:2]
    assert left.get_xlim() == right.get_xlim()
