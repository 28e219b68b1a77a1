"""Maps of change: classes, what is new, and who owes it to whom, on the small coast."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb

from sim.errors import InputError
from sim.measures.difference import CHANGE_BREAKS_MIN, STEP_CLASSES, classify_steps
from sim.present.difference_maps import (
    draw_difference_map,
    draw_new_reach_map,
    list_change_labels,
    list_change_looks,
    scatter_people,
)
from sim.present.isochrone_maps import Panel, draw_isochrone_panels
from sim.present.maps import BaseMap, MapLayers, Place, draw_dominant_project_map, map_style
from sim.present.style import FASTER_COLOURS, NEWLY_COLOUR, NO_CHANGE_COLOUR, SEA_COLOUR, SLOWER_COLOURS
from tests.present.coast import COAST_BOX, COLUMNS, LAND_COLUMNS, ROWS, at, find_by_gid, make_text, read_texts

ORIGIN = Place("宁波", "Ningbo", *at(-45, 0))


def names_of(before, after, within_min=120.0):
    shape = (1, len(before))
    classes = classify_steps(
        np.array([before], dtype=float),
        np.array([after], dtype=float),
        np.ones(shape, dtype=bool),
        within_min=within_min,
    )
    return [STEP_CLASSES[one] for one in classes[0]]


def test_a_change_falls_into_the_class_of_its_minutes_on_both_sides_of_zero():
    # Classes begin at 1, 5, 10, 20 and 40 minutes; less than one is no change.
    before = [60.0] * 8
    after = [59.5, 59.0, 55.0, 50.0, 40.0, 20.0, 61.0, 101.0]
    assert names_of(before, after) == [
        *("no-change", "faster-1", "faster-2", "faster-3", "faster-4", "faster-5"),
        *("slower-1", "slower-5"),
    ]


def test_what_enters_or_leaves_the_circle_has_a_class_of_its_own_whatever_the_minutes():
    assert names_of([121.0, 300.0, 120.0, np.nan, 90.0, np.nan], [119.9, 60.0, 120.5, 400.0, np.nan, np.nan]) == [
        *("newly-reached", "newly-reached", "lost", "newly-reached", "lost", "unreachable")
    ]


def test_exactly_at_the_limit_counts_as_within():
    assert names_of([120.0], [115.0]) == ["faster-2"]
    assert names_of([120.01], [120.0]) == ["newly-reached"]
    # A cell counts as within a cut-off as it does for isochrones: up to a thousandth of a minute beyond it.
    assert names_of([120.0005], [120.0]) == ["no-change"]


def test_the_ramp_is_symmetric_and_its_middle_neutral():
    labels = list_change_labels()
    assert labels == labels[::-1]
    assert labels[len(labels) // 2] == "<1"
    colours = [look.colour for look in list_change_looks()]
    assert colours[len(SLOWER_COLOURS)] == NO_CHANGE_COLOUR
    red, green, blue = to_rgb(NO_CHANGE_COLOUR)
    assert max(red, green, blue) - min(red, green, blue) < 0.05


def test_every_step_has_a_colour_on_both_sides():
    assert len(FASTER_COLOURS) == len(SLOWER_COLOURS) == len(CHANGE_BREAKS_MIN)


def test_both_sides_darken_with_the_size_of_the_change():
    def lightness(colour):
        return float(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722]))

    for side in (FASTER_COLOURS, SLOWER_COLOURS):
        values = [lightness(colour) for colour in (NO_CHANGE_COLOUR, *side)]
        assert all(later < earlier for earlier, later in pairwise(values))


def test_classes_of_their_own_are_hatched_so_that_grey_print_tells_them():
    hatches = {name: look.hatch for name, look in zip(STEP_CLASSES, list_change_looks(), strict=True)}
    own = [hatches[name] for name in ("newly-reached", "lost", "unreachable")]
    assert all(own)
    assert len(set(own)) == 3
    assert not any(hatch for name, hatch in hatches.items() if name.startswith(("faster", "no-")))
    # Orange and purple of one step are equally dark: without its hatch, slower could not be told from faster.
    slower = {hatch for name, hatch in hatches.items() if name.startswith("slower")}
    assert len(slower) == 1
    assert all(slower)


@pytest.fixture(scope="module")
def surfaces(minutes):
    # Before: 2 min a km. After: a quarter faster, so a place d km from the edge saves d / 2 minutes.
    return minutes, 0.75 * minutes


@pytest.fixture(scope="module")
def difference(surfaces, base, layers):
    before, after = surfaces
    return draw_difference_map(
        before=before, after=after, base=base, layers=layers, origin=ORIGIN, text=make_text(), bbox=COAST_BOX
    )


def pixel_at(figure, x_km, y_km):
    with map_style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())
    column, row = figure.axes[0].transData.transform((1000 * x_km, 1000 * y_km))
    return to_hex(pixels[pixels.shape[0] - 1 - int(row), int(column), :3] / 255.0)


def test_a_difference_map_colours_land_by_minutes_saved_and_never_the_sea(difference):
    # At x = -35 km, 15 km from the edge: 30 min before, 22.5 after: 7.5 saved, class 2 (5 to 10).
    assert pixel_at(difference, -35.5, 30.5) == FASTER_COLOURS[1]
    # At x = 40 km: 180 before, 135 after: 45 saved and still beyond 120: class 5.
    assert pixel_at(difference, 40.5, 30.5) == FASTER_COLOURS[4]
    assert pixel_at(difference, 70.0, 20.0) == SEA_COLOUR


def test_what_is_newly_within_two_hours_is_a_patch_with_its_own_hatch(difference):
    # 120 min before at x = 10 km, after at x = 30: the strip between is new.
    (patch,) = find_by_gid(difference, "newly-reached")
    box = patch.get_path().get_extents()
    assert box.x0 == pytest.approx(10_000.0, abs=1000.0)
    assert box.x1 == pytest.approx(30_000.0, abs=1000.0)
    assert patch.get_hatch()
    assert not find_by_gid(difference, "lost")


def test_the_heavy_line_of_a_difference_map_is_that_of_the_later_surface(difference):
    (line,) = find_by_gid(difference, "isochrone-120")
    assert isinstance(line, LineCollection)
    points = np.concatenate(line.get_segments())
    # 1.5 min a km: 120 min lie 80 km from the west edge at -50, x = 30 km.
    assert np.abs(points[:, 0] / 1000 - 30.0).max() < 0.01


def test_a_difference_map_has_every_class_and_the_unit_in_its_key(difference):
    keys = {name for name in STEP_CLASSES if find_by_gid(difference, f"change-{name}")}
    assert keys == set(STEP_CLASSES) - {"unreachable"}
    texts = read_texts(difference)
    for phrase in ("Change (minutes)", "newly within 120 min", "不可达", "理想出行范围，非实际出行", "审图号"):
        assert phrase in texts


def test_panels_share_extent_classes_and_key(surfaces, base, layers):
    before, after = surfaces
    panels = [Panel(one, layers, title, title) for one, title in ((before, "A"), (after, "B"))]
    sheet = draw_isochrone_panels(panels, base=base, origin=ORIGIN, text=make_text(), bbox=COAST_BOX)
    left, right = sheet.axes[:2]
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    # The box that was asked for, with its 50 km of sea, and not the land alone.
    assert left.get_xlim()[1] > 95_000.0
    assert len(find_by_gid(sheet, "isochrone-120")) == 2
    assert len(find_by_gid(sheet, "travel-time-bands")) == 2
    assert len(find_by_gid(sheet, "band-0–30")) == 1
    assert {text.get_text() for text in find_by_gid(sheet, "panel-title")} == {"A", "B"}


def test_an_uneven_number_of_panels_leaves_no_empty_frame(surfaces, base, layers):
    panels = [Panel(surfaces[0], layers, str(year), str(year)) for year in (2020, 2025, 2035)]
    sheet = draw_isochrone_panels(panels, base=base, origin=ORIGIN, text=make_text(), bbox=COAST_BOX)
    drawn = [ax for ax in sheet.axes[:4] if ax.axison]
    assert len(drawn) == 3


def test_dots_stand_for_people_and_stay_in_their_cells(base: BaseMap):
    people = np.zeros((ROWS, COLUMNS))
    people[10, 20], people[50, 60] = 50_000.0, 1_000.0
    x_m, y_m = scatter_people(people, base, people_per_dot=1000.0, seed=3)
    # 50 dots in the first cell (column 20 from the west edge at -50 km: x from -30 to -29 km), one in the second.
    first = x_m < 0
    assert int(first.sum()) == 50
    assert len(x_m) == 51
    assert ((x_m[first] >= -30_000) & (x_m[first] < -29_000)).all()
    assert ((y_m[first] <= 40_000) & (y_m[first] > 39_000)).all()


def test_dots_of_thinly_settled_cells_add_up_on_average(base: BaseMap):
    people = np.full((ROWS, COLUMNS), 100.0)
    x_m, _ = scatter_people(people, base, people_per_dot=1000.0, seed=1)
    # 16,000 cells x 100 people / 1000: 1600 dots, standard deviation about 38.
    assert abs(len(x_m) - 1600) < 5 * 38


def test_only_people_newly_within_the_circle_get_dots(surfaces, base, layers):
    before, after = surfaces
    sheet = draw_new_reach_map(
        before=before,
        after=after,
        population=np.full((ROWS, COLUMNS), 5000.0),
        base=base,
        layers=layers,
        origin=ORIGIN,
        text=make_text(),
        bbox=COAST_BOX,
    )
    (dots,) = find_by_gid(sheet, "people-dots")
    x_km = dots.get_xdata() / 1000
    # Newly within 120 min lies x from 10 to 30 km.
    assert x_km.min() >= 10.0
    assert x_km.max() <= 30.0
    assert dots.get_markerfacecolor() == NEWLY_COLOUR
    assert "2,000 people newly within" in read_texts(sheet)


def test_each_cell_takes_the_colour_of_the_project_that_saves_it_most(base: BaseMap, layers: MapLayers):
    west = np.zeros((ROWS, COLUMNS))
    west[:, :30] = 15.0
    east = np.zeros((ROWS, COLUMNS))
    east[:, 20:LAND_COLUMNS] = 12.0
    savings = {"west": west, "east": east, "nothing": np.full((ROWS, COLUMNS), 0.5)}
    sheet = draw_dominant_project_map(
        savings,
        names={name: (name, name) for name in savings},
        base=base,
        layers=layers,
        origin=ORIGIN,
        text=make_text(),
        bbox=COAST_BOX,
    )
    # Columns 20 to 29 (x from -30 to -20 km) have both: west saves 15 there, east 12.
    assert find_by_gid(sheet, "leads-west-1")[0].get_facecolor()[:3] == to_rgb(pixel_at(sheet, -24.5, 33.5))
    assert pixel_at(sheet, -45.5, 33.5) == pixel_at(sheet, -24.5, 33.5)
    # The eastern project is told by its hatch as well.
    assert [patch.get_hatch() for patch in find_by_gid(sheet, "leads-east")] == ["////"]
    assert "nothing" not in read_texts(sheet)


def test_more_projects_than_can_be_told_apart_are_refused(base: BaseMap, layers: MapLayers):
    savings = {}
    for number in range(9):
        savings[f"p{number}"] = np.zeros((ROWS, COLUMNS))
        savings[f"p{number}"][number] = 5.0
    with pytest.raises(InputError, match="9 projects lead somewhere, but only 8"):
        draw_dominant_project_map(
            savings, names={}, base=base, layers=layers, origin=ORIGIN, text=make_text(), bbox=COAST_BOX
        )


def test_a_surface_of_another_grid_is_refused_by_name(base: BaseMap, layers: MapLayers, minutes):
    with pytest.raises(InputError, match="after: \\(3, 3\\)"):
        draw_difference_map(
            before=minutes, after=np.zeros((3, 3)), base=base, layers=layers, origin=ORIGIN, text=make_text()
        )
