"""Maps: what is drawn, on a small coast whose answers are worked out beside each test."""

import csv
import warnings
from itertools import combinations, pairwise
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from sim.errors import InputError
from sim.present.figures import save_figure, save_small_picture
from sim.present.labels import Box, Label, place_labels
from sim.present.lettering import missing_glyphs, text_width_pt, wrap_text
from sim.present.maps import (
    BaseMap,
    MapLayers,
    Place,
    choose_extent,
    draw_isochrone_map,
    map_style,
    prepare_base,
)
from sim.present.style import BEYOND_COLOUR, OUTSIDE_COLOUR, SEA_COLOUR, band_colours, band_labels, bilingual
from sim.present.surface import classify_minutes, trace_line
from sim.region.grid import Grid
from tests.present.coast import COAST_BOX, COLUMNS, ROWS, TO_DEGREES, at, find_by_gid, make_text, read_texts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figure(base: BaseMap, minutes: np.ndarray, layers: MapLayers) -> Figure:
    origin = Place("宁波", "Ningbo", *at(-45, 0))
    return draw_isochrone_map(
        minutes=minutes, base=base, layers=layers, origin=origin, text=make_text(), bbox=COAST_BOX
    )


@pytest.fixture(scope="module")
def pixels(figure: Figure) -> np.ndarray:
    with map_style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[:, :, :3].astype(int)


def colour_at(figure: Figure, pixels: np.ndarray, x_km: float, y_km: float) -> str:
    column, row = figure.axes[0].transData.transform((1000 * x_km, 1000 * y_km))
    red, green, blue = pixels[pixels.shape[0] - 1 - int(row), int(column)]
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_every_class_has_its_colour_on_land(figure: Figure, pixels: np.ndarray) -> None:
    # x = -45 km is 5 km from the west edge, so 10 min; x = -30: 40 min; -15: 70; 0: 100; 25: 150; 45: 190 min.
    wanted = dict(zip((-45.5, -30.5, -15.5, 0.5, 25.5, 44.5), [*band_colours(5), BEYOND_COLOUR], strict=True))
    assert {x_km: colour_at(figure, pixels, x_km, 30.5) for x_km in wanted} == wanted


def test_sea_and_lakes_stay_uncoloured_although_the_surface_has_minutes_there(
    figure: Figure, pixels: np.ndarray
) -> None:
    assert colour_at(figure, pixels, 60.5, 20.5) == SEA_COLOUR
    assert colour_at(figure, pixels, -35.0, -35.0) == SEA_COLOUR


def test_colour_reaches_the_true_coast_and_stops_there(figure: Figure, pixels: np.ndarray) -> None:
    # The last study cell ends at x = 50.0 km, the coast is at 50.4: the strip between is land and takes the cell's class.
    assert colour_at(figure, pixels, 50.15, 20.5) == BEYOND_COLOUR
    assert colour_at(figure, pixels, 50.9, 20.5) == SEA_COLOUR


def test_land_outside_the_study_is_not_coloured(base: BaseMap, minutes: np.ndarray, layers: MapLayers) -> None:
    west, south = at(-60, 30)
    east, north = at(60, 70)
    sheet = draw_isochrone_map(
        minutes=minutes,
        base=base,
        layers=layers,
        origin=Place("宁波", "Ningbo", *at(-45, 0)),
        text=make_text(),
        bbox=(west, south, east, north),
    )
    canvas = FigureCanvasAgg(sheet)
    with map_style():
        canvas.draw()
    assert colour_at(sheet, np.asarray(canvas.buffer_rgba())[:, :, :3].astype(int), -20.5, 55.5) == OUTSIDE_COLOUR


def test_unreached_land_is_hatched_and_named_in_the_key(figure: Figure) -> None:
    (hatched,) = find_by_gid(figure, "not-reached")
    assert hatched.get_hatch()
    assert hatched.get_clip_path() is not None
    assert find_by_gid(figure, "band-unreachable")
    assert "不可达 not reached" in read_texts(figure)


def test_a_fully_reached_map_has_no_hatching(base: BaseMap, layers: MapLayers) -> None:
    origin = Place("宁波", "Ningbo", *at(-45, 0))
    sheet = draw_isochrone_map(
        minutes=np.full((ROWS, COLUMNS), 10.0), base=base, layers=layers, origin=origin, text=make_text()
    )
    assert not find_by_gid(sheet, "not-reached")
    assert not find_by_gid(sheet, "band-unreachable")


def test_heavy_lines_run_where_the_minutes_say(figure: Figure) -> None:
    # 2 min per km from x = -50 km: 60 min at x = -20 km, 120 min at x = +10 km. Averaging leaves a straight slope alone.
    for cutoff_min, x_km in ((60, -20.0), (120, 10.0)):
        (heavy,) = find_by_gid(figure, f"isochrone-{cutoff_min}")
        assert isinstance(heavy, LineCollection)
        points = np.concatenate(heavy.get_segments())
        assert np.abs(points[:, 0] / 1000 - x_km).max() < 0.01
        assert np.ptp(points[:, 1]) > 90_000.0


def test_smoothing_moves_no_line_by_a_whole_cell() -> None:
    # A disc: minutes = distance in cells from the middle of 101 x 101 cells; the line at 30 is a circle of radius 30.
    rows, columns = np.mgrid[0:101, 0:101]
    distance = np.hypot(rows - 50, columns - 50).astype(float)
    (line,) = trace_line(distance, np.ones((101, 101), dtype=bool), 30.0)
    assert np.abs(np.hypot(line[:, 0] - 50, line[:, 1] - 50) - 30.0).max() < 0.5


def test_classes_include_their_upper_end_and_nothing_off_the_land() -> None:
    surface = np.array([[0.0, 30.0, 30.01, 60.0, 61.0, np.nan, np.inf, 10.0]])
    is_study = np.array([[True] * 7 + [False]])
    assert classify_minutes(surface, is_study, [30, 60]).tolist() == [[0, 0, 1, 1, 2, 3, 3, -1]]


def test_the_key_lists_every_class_in_minutes_in_order(figure: Figure) -> None:
    swatches = [
        artist
        for artist in figure.findobj(Rectangle)
        if str(artist.get_gid()).startswith("band-") and artist.get_gid() != "band-unreachable"
    ]
    swatches.sort(key=lambda swatch: swatch.get_x())
    names = [swatch.get_gid().removeprefix("band-") for swatch in swatches]
    assert names == ["0–30", "30–60", "60–90", "90–120", "120–180", ">180"]
    assert [mpl.colors.to_hex(swatch.get_facecolor()) for swatch in swatches] == [*band_colours(5), BEYOND_COLOUR]
    texts = read_texts(figure)
    assert all(name in texts for name in names)
    assert "Travel time (minutes)" in texts


def test_the_key_shows_only_symbols_that_the_map_uses(figure: Figure) -> None:
    texts = read_texts(figure)
    assert "本情景新增铁路" in texts
    assert "60 分钟线" in texts
    assert "跨海" not in texts


def test_every_sheet_carries_what_a_reader_must_know(figure: Figure) -> None:
    texts = read_texts(figure)
    wanted = (
        "两小时圈到海边", "小海岸（2027 年）", "读法：门到门。", "理想出行范围，非实际出行", "Ideal range, not observed trips",
        "审图号", "map review number", "资料来源：测试数据。", "Albers equal-area conic, 28°N/34°N, 119.2°E, WGS 84", "东海",
    )  # fmt: skip
    unbroken = texts.replace("\n", " ")
    assert [phrase for phrase in wanted if phrase not in unbroken] == []


@pytest.mark.parametrize(("language", "absent"), [("en", "分钟"), ("zh", "minute")])
def test_a_sheet_in_one_language_has_none_of_the_other(
    base: BaseMap, minutes: np.ndarray, layers: MapLayers, language: str, absent: str
) -> None:
    text = make_text(language=language)
    origin = Place("宁波", "Ningbo", *at(-45, 0))
    texts = read_texts(draw_isochrone_map(minutes=minutes, base=base, layers=layers, origin=origin, text=text))
    assert absent not in texts
    if language == "en":
        assert not [sign for sign in texts if ord(sign) > 0x2E80]


def test_the_scale_bar_is_as_long_as_it_says(figure: Figure) -> None:
    halves = [*find_by_gid(figure, "scale-bar-0"), *find_by_gid(figure, "scale-bar-1")]
    length_km = sum(half.get_width() for half in halves) / 1000
    assert f"{length_km:g} km" in read_texts(figure)
    # Long enough to measure with, short enough to leave the corner free.
    low, high = figure.axes[0].get_xlim()
    assert 0.08 < 1000 * length_km / (high - low) < 0.25


def test_the_north_arrow_follows_the_meridian(figure: Figure) -> None:
    arrow = find_by_gid(figure, "north-arrow")[0].get_xy()
    tip, foot = arrow[0], arrow[2]
    lon_tip, lat_tip = TO_DEGREES.transform(*tip)
    lon_foot, lat_foot = TO_DEGREES.transform(*foot)
    assert lat_tip > lat_foot
    assert abs(lon_tip - lon_foot) < 1e-6


def test_new_lines_differ_from_existing_ones_and_lie_above_them(figure: Figure) -> None:
    (new,) = find_by_gid(figure, "line-rail-new")
    (existing,) = find_by_gid(figure, "line-hsr-existing")
    assert len(new.get_segments()) == 1
    assert len(existing.get_segments()) == 2
    assert new.get_zorder() > existing.get_zorder()
    assert new.get_linewidth()[0] > existing.get_linewidth()[0]


def test_sections_join_neighbouring_stops_of_one_line_only(layers: MapLayers) -> None:
    assert layers.rail is not None
    assert layers.rail[["line_id", "status"]].to_numpy().tolist() == [
        ["north", "existing"],
        ["north", "existing"],
        ["south", "new"],
    ]


def test_names_stand_clear_of_each_other_as_drawn(base: BaseMap, minutes: np.ndarray) -> None:
    # Twelve cities 5 km apart, 8 mm on paper: a name to the right of each would run into the next. Boxes as rendered.
    spots = [(5.0 * column - 10, 4.5 * row - 10) for column in range(4) for row in range(3)]
    places = pd.DataFrame(
        [(f"城市{number}", f"City {number}", *at(*spot), 2) for number, spot in enumerate(spots)],
        columns=["name", "name_en", "lon", "lat", "rank"],
    )
    origin = Place("宁波", "Ningbo", *at(-45, 0))
    sheet = draw_isochrone_map(
        minutes=minutes, base=base, layers=MapLayers(places=places), origin=origin, text=make_text()
    )
    with map_style():
        canvas = FigureCanvasAgg(sheet)
        canvas.draw()
        named = [text for text in sheet.axes[0].texts if text.get_text().startswith(("城市", "City"))]
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in named]
    assert len(named) == 24
    # Lines of one name may touch; a pixel at 100 dpi is 0.25 mm.
    overlapping = [
        (first.get_text(), second.get_text())
        for (first, a), (second, b) in combinations(zip(named, boxes, strict=True), 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1.5
    ]
    assert overlapping == []


def test_a_name_without_room_is_left_out_and_the_higher_rank_stays() -> None:
    frame = Box(0.0, 0.0, 60.0, 24.0)
    crowd = [Label("小镇", "Town", 3, 30.0, 12.0, 2.6), Label("大城", "City", 1, 30.0, 11.0, 4.2)]
    placed = place_labels(crowd, frame=frame)
    assert placed[0].label.name == "大城"
    assert all(not a.box.overlaps(b.box) for a, b in combinations(placed, 2))


def test_all_text_is_set_in_the_shipped_font(figure: Figure) -> None:
    fonts = {fontManager.findfont(text.get_fontproperties()) for text in figure.findobj(Text) if text.get_text()}
    assert {Path(font).parent for font in fonts} == {ROOT / "sim" / "present" / "fonts"}


def test_no_glyph_is_missing_in_any_shipped_table_of_names() -> None:
    tables = [*sorted((ROOT / "networks").glob("*/*.csv")), *sorted((ROOT / "data").glob("*.csv"))]
    missing, seen = {}, 0
    for table in tables:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                names = [row[column] for column in ("name", "name_en", "set_name", "former_name") if row.get(column)]
                seen += len(names)
                missing.update({(table.name, name): missing_glyphs(name) for name in names if missing_glyphs(name)})
    assert seen > 100
    assert missing == {}


def test_a_sign_that_the_font_lacks_is_refused_for_every_text_at_once(
    base: BaseMap, minutes: np.ndarray, layers: MapLayers
) -> None:
    with pytest.raises(InputError) as caught:
        draw_isochrone_map(
            minutes=minutes,
            base=base,
            layers=layers,
            origin=Place("宁波", "Ningbo 🚄", *at(-45, 0)),
            text=make_text(title="ไทย"),
        )
    assert len(caught.value.problems) == 2
    assert "🚄 (U+1F684)" in caught.value.problems[1]


def test_a_surface_that_does_not_fit_lists_every_problem(base: BaseMap, layers: MapLayers) -> None:
    with pytest.raises(InputError) as caught:
        draw_isochrone_map(
            minutes=np.zeros((3, 3)),
            base=base,
            layers=layers,
            origin=Place("宁波", "Ningbo", *at(-45, 0)),
            text=make_text(),
            cutoffs_min=(60.0, 30.0),
            heavy_min=(45.0,),
        )
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["minutes", "cutoffs_min", "heavy_min"]


def test_land_without_a_crs_is_refused(grid: Grid) -> None:
    nowhere = gpd.GeoDataFrame(geometry=[])
    with pytest.raises(InputError) as caught:
        prepare_base(grid, land=nowhere, water=nowhere)
    assert len(caught.value.problems) == 3


def test_the_same_map_gives_the_same_bytes_in_every_format(
    tmp_path: Path, base: BaseMap, minutes: np.ndarray, layers: MapLayers
) -> None:
    contents = []
    for folder in ("first", "second"):
        origin = Place("宁波", "Ningbo", *at(-45, 0))
        sheet = draw_isochrone_map(minutes=minutes, base=base, layers=layers, origin=origin, text=make_text())
        files = save_figure(sheet, tmp_path / folder / "map", formats=("png", "svg", "pdf"))
        contents.append([file.read_bytes() for file in files])
    assert [one == other for one, other in zip(*contents, strict=True)] == [True, True, True]


def test_svg_holds_the_surface_as_one_image_and_text_as_outlines(tmp_path: Path, figure: Figure) -> None:
    (path,) = save_figure(figure, tmp_path / "map", formats=("svg",))
    svg = path.read_text(encoding="utf-8")
    assert svg.count("<image ") == 1
    assert "<text" not in svg


def test_nothing_global_changes_but_inside_the_style() -> None:
    before = dict(mpl.rcParams)
    with map_style():
        assert mpl.rcParams["font.family"] == ["Sim Sans SC"]
    assert dict(mpl.rcParams) == before


def test_a_users_own_settings_do_not_change_the_map(
    tmp_path: Path, figure: Figure, base: BaseMap, minutes: np.ndarray, layers: MapLayers
) -> None:
    (plain,) = save_figure(figure, tmp_path / "plain", formats=("png",))
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "red", "savefig.bbox": "tight", "lines.linewidth": 9.0}):
        origin = Place("宁波", "Ningbo", *at(-45, 0))
        sheet = draw_isochrone_map(
            minutes=minutes, base=base, layers=layers, origin=origin, text=make_text(), bbox=COAST_BOX
        )
        (other,) = save_figure(sheet, tmp_path / "other", formats=("png",))
    assert plain.read_bytes() == other.read_bytes()


def test_drawing_warns_of_nothing(figure: Figure, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_figure(figure, tmp_path / "map", formats=("png", "svg", "pdf"))


def test_classes_are_evenly_spaced_shades_of_one_ramp() -> None:
    ends = ["#323a7a", "#2f6390", "#3d8b9d", "#70b59a", "#a8cf92", "#dde2a0"]
    ramp = mpl.colors.LinearSegmentedColormap.from_list("minutes", ends, N=256)
    for count in (2, 3, 5, 6, 11):
        assert band_colours(count) == [mpl.colors.to_hex(ramp(band / (count - 1))) for band in range(count)]
    assert band_colours(1) == ends[:1]


def test_the_classes_stay_apart_in_grey() -> None:
    def lightness(colour: str) -> float:
        """CIE L* of an sRGB colour (IEC 61966-2-1), 0 black to 100 white."""
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        luminance = float(np.dot(linear, [0.2126, 0.7152, 0.0722]))
        return 116.0 * luminance ** (1 / 3) - 16.0

    steps = [later - earlier for earlier, later in pairwise(map(lightness, [*band_colours(5), BEYOND_COLOUR]))]
    # Ten L* side by side are told apart without effort; the last step is to the colour of land beyond all classes.
    assert min(steps) > 7.5
    assert lightness(SEA_COLOUR) - lightness(band_colours(5)[-1]) > 5.0


def test_missing_width_is_added_on_the_side_of_the_sea(base: BaseMap) -> None:
    west, south = at(-40, -40)
    east, north = at(60, 40)
    extent = choose_extent(base, bbox=(west, south, east, north), width_over_height=3.0)
    assert extent.width_m / extent.height_m == pytest.approx(3.0)
    # Only the east edge of the box lies in the sea, so all of the growth goes there (the box bulges by under 1 km).
    assert extent.west_m == pytest.approx(-40_000.0, abs=1000.0)
    assert extent.east_m > 100_000.0


def test_lines_of_text_keep_to_their_width_and_lose_no_sign() -> None:
    text = "从宁波市政府出发，到每一平方公里：door to door, access and egress by car（半个发车间隔）。"
    lines = wrap_text(text, 6.0, 90.0)
    assert max(text_width_pt(line, 6.0) for line in lines) <= 90.0
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not [line for line in lines if line[0] in "，。：）"]


def test_names_of_classes_and_pairs_of_languages() -> None:
    assert band_labels([45]) == ["0–45", ">45"]
    assert bilingual("公里", "km", language="zh") == "公里"


def test_a_small_picture_has_a_palette_the_asked_width_and_the_colours_of_the_map(
    tmp_path: Path, figure: Figure
) -> None:
    paths = [save_small_picture(figure, tmp_path / f"{name}.png", width_px=900) for name in ("first", "second")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Image.open(paths[0]) as picture:
        assert picture.mode == "P"
        assert abs(picture.width - 900) <= 1
        seen = {colour for _, colour in picture.convert("RGB").getcolors(1_000_000)}
    # Few colours must not mean other colours: every class is there exactly as on the map.
    for wanted in band_colours(5):
        red, green, blue = (round(255 * part) for part in to_rgb(wanted))
        assert min(abs(red - r) + abs(green - g) + abs(blue - b) for r, g, b in seen) == 0
