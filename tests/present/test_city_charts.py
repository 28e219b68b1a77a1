"""Charts of cities and legs: every number where it belongs, limits drawn, names clear of each other."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import sim
from sim.errors import InputError
from sim.present.chart_sheet import ChartText
from sim.present.city_charts import (
    Curve,
    cumulate_people,
    draw_city_matrix,
    draw_cumulative_people,
    draw_slopegraph,
    spread_out,
)
from sim.present.leg_charts import LEGS, draw_door_to_door_bars
from sim.present.line_charts import TRAIN_COLUMNS, draw_string_lines, list_corridor_stations, list_corridor_trains
from sim.present.style import band_colours
from tests.present.coast import find_by_gid, read_texts

TEXT = ChartText("结论", "A finding", "方案", "scenario", "来源", "source")
NAMES = pd.DataFrame(
    [("x", "甲", "Jia"), ("y", "乙", "Yi"), ("z", "丙", "Bing")], columns=["city_id", "name", "name_en"]
)


def test_the_matrix_has_the_classes_of_the_maps_and_no_cell_on_its_diagonal():
    minutes = pd.DataFrame([[0, 25, 130], [60, 0, np.nan], [181, 61, 0]], index=list("xyz"), columns=list("xyz"))
    figure = draw_city_matrix(minutes, NAMES, text=TEXT)
    colours = band_colours(5)
    cell = {pair: find_by_gid(figure, f"cell-{pair[0]}-{pair[1]}") for pair in ("xx", "xy", "xz", "yx", "zy", "yz")}
    assert not cell["xx"]
    # 25 min: the first class; 60 belongs to 30-60, 61 to 60-90, 130 to 120-180.
    found = {pair: to_hex(cell[pair][0].get_facecolor()) for pair in ("xy", "yx", "zy", "xz")}
    assert found == {"xy": colours[0], "yx": colours[1], "zy": colours[2], "xz": colours[4]}
    assert cell["yz"][0].get_hatch()
    texts = read_texts(figure).split("\n")
    assert {"25", "130", "60", "181", "61"} <= set(texts)
    assert "nan" not in texts


def test_people_within_so_many_minutes_are_those_of_the_cells():
    generator = np.random.default_rng(5)
    minutes, people = generator.uniform(0, 200, 500), generator.uniform(0, 1000, 500)
    minutes[::7] = np.nan
    edges, total = cumulate_people(minutes, people, upto_min=120.0)
    slow = [sum(p for m, p in zip(minutes, people, strict=True) if m <= edge) for edge in edges]
    assert total == pytest.approx(slow)


def test_curves_stand_over_the_two_circles_with_their_people_named():
    minutes = np.arange(0.0, 241.0)
    curves = [Curve("基年", "base", minutes, minutes * 1e4), Curve("规划", "plan", minutes, minutes * 2e4)]
    figure = draw_cumulative_people(curves, text=TEXT)
    assert len(find_by_gid(figure, "people-curve")) == 2
    assert {line.get_xdata()[0] for cutoff in (60, 120) for line in find_by_gid(figure, f"limit-{cutoff}")} == {
        60.0,
        120.0,
    }
    # 10,000 and 20,000 people a minute: 0.6 and 1.2 million within an hour, 1.2 and 2.4 within two.
    assert "60 分钟 min: 0.6 → 1.2" in read_texts(figure)
    assert "120 分钟 min: 1.2 → 2.4" in read_texts(figure)
    assert "people (millions)" in read_texts(figure)


def test_labels_are_spread_as_little_as_needed_and_keep_their_order():
    generator = np.random.default_rng(6)
    for _ in range(20):
        places = generator.uniform(0, 10, 12)
        moved = spread_out(places, 0.7)
        order = np.argsort(places)
        assert (np.diff(moved[order]) >= 0.7 - 1e-9).all()
        # The mean of all never moves: what one block gains upwards it loses downwards.
        assert moved.mean() == pytest.approx(places.mean())
    assert spread_out(np.array([1.0, 4.0]), 0.7).tolist() == [1.0, 4.0]


def test_the_slopegraph_marks_the_city_that_comes_within_the_limit():
    minutes = NAMES.assign(**{"2020": [130.0, 100.0, 300.0], "2035": [110.0, 95.0, 250.0]})
    figure = draw_slopegraph(minutes, text=TEXT)
    lines = find_by_gid(figure, "city-line")
    assert [line.get_ydata().tolist() for line in lines] == [[130.0, 110.0], [100.0, 95.0], [300.0, 250.0]]
    widths = [line.get_linewidth() for line in lines]
    assert widths[0] > widths[1] == widths[2]
    (limit,) = find_by_gid(figure, "limit")
    assert set(limit.get_ydata()) == {120.0}
    # Few minutes stand above many.
    low, high = figure.axes[0].get_ylim()
    assert low > high
    texts = read_texts(figure)
    assert "甲 Jia  130" in texts
    assert "110  甲 Jia" in texts


def test_bars_are_as_long_as_their_legs_and_say_which_meet_the_limit():
    rows = [
        {"label": "一", "label_en": "one", "ride_min": 40.0, "wait_min": 15.0},
        {"label": "二", "label_en": "two", "road_min": 90.0},
    ]
    legs = pd.DataFrame([{"group": "2027 方案", "group_en": "2027 plan", **row} for row in rows]).reindex(
        columns=["group", "group_en", "label", "label_en", *LEGS]
    )
    figure = draw_door_to_door_bars(legs, text=TEXT, limit_min=60.0)
    bars = {leg: find_by_gid(figure, f"leg-{leg}") for leg in LEGS}
    assert [bar.get_width() for bar in bars["ride_min"]] == [40.0]
    # In the order of a journey: the ride begins where the wait ends.
    assert bars["ride_min"][0].get_x() == bars["wait_min"][0].get_x() + 15.0
    assert [text.get_text() for text in find_by_gid(figure, "total")] == ["55 \N{CHECK MARK}", "90"]
    (limit,) = find_by_gid(figure, "limit")
    assert set(limit.get_xdata()) == {60.0}
    texts = read_texts(figure)
    assert "全程驾车 by road all the way" in texts
    assert "access" not in texts


def test_string_lines_run_through_the_calls_of_their_trains():
    stations = pd.DataFrame(
        [("a", "甲", "A", 0.0), ("b", "乙", "B", 50.0)], columns=["station_id", "name", "name_en", "km"]
    )
    trains = pd.DataFrame(
        [("s", "s/0", 0, "a", 10.0, 10.0), ("s", "s/0", 0, "b", 30.0, 30.0)], columns=list(TRAIN_COLUMNS)
    )
    figure = draw_string_lines(stations, trains, text=TEXT)
    (line,) = find_by_gid(figure, "train")
    assert line.get_xdata().tolist() == [10.0, 10.0, 30.0, 30.0]
    assert line.get_ydata().tolist() == [0.0, 0.0, 50.0, 50.0]
    assert "中途不停 no stop on the way" in read_texts(figure)
    with pytest.raises(InputError, match="no service calls"):
        draw_string_lines(stations, trains[:0], text=TEXT)


def test_trains_of_a_corridor_leave_at_even_intervals_and_take_their_running_times(repository):
    result = sim.read_study(repository / "scenarios" / "tutorial").run("base")
    stations = list_corridor_stations(result, ["main"], ("a", "e"), train_class="SIMPLE")
    assert stations["station_id"].tolist() == ["a", "b", "c", "d", "e"]
    trains = list_corridor_trains(result, stations, ["main"], upto_min=240.0)
    per_day = result.network.services.set_index("service_id")["trains_per_day"]
    dwells = result.network.service_stops.groupby("service_id")["dwell_min"]
    assert len(trains)
    for service_id, rides in trains.groupby("service_id"):
        ends = rides.groupby("train", sort=False).agg(start=("depart_min", "first"), end=("arrive_min", "last"))
        # 16 hours of service shared evenly among the trains of a day.
        assert np.diff(ends["start"]) == pytest.approx(960.0 / per_day[service_id])
        hops = result.hops[result.hops["service_id"] == service_id].head(len(rides) // len(ends) - 1)
        inner = dwells.get_group(service_id).iloc[1:-1].sum()
        assert (ends["end"] - ends["start"]).to_numpy() == pytest.approx(hops["run_min"].sum() + inner)


def test_a_train_that_joins_or_leaves_a_corridor_does_not_stand_at_its_ends(repository):
    result = sim.read_study(repository / "scenarios" / "tutorial").run("base")
    stations = list_corridor_stations(result, ["main"], ("b", "d"), train_class="SIMPLE")
    assert stations["station_id"].tolist() == ["b", "c", "d"]
    trains = list_corridor_trains(result, stations, ["main"], upto_min=240.0)
    # Only the stopping train calls at b and at d, on its way from a to e; the express calls at c alone.
    assert set(trains["service_id"]) == {"local"}
    stands = (trains["depart_min"] - trains["arrive_min"]).groupby(trains["station_id"]).agg(["min", "max"]).round(6)
    assert stands.loc["b"].tolist() == stands.loc["d"].tolist() == [0.0, 0.0]
    assert stands.loc["c"].tolist() == [2.0, 2.0]
    # 11.667 min from b to c, 2 there, 15 on to d (networks/line5/README.md).
    ends = trains.groupby("train").agg(start=("depart_min", "min"), end=("arrive_min", "max"))
    assert (ends["end"] - ends["start"]).to_numpy() == pytest.approx(28.667, abs=0.01)


def test_a_total_near_the_limit_is_written_beyond_its_line():
    rows = [{"label": str(minutes), "label_en": str(minutes), "ride_min": minutes} for minutes in (30.0, 58.0, 90.0)]
    legs = pd.DataFrame([{"group": "甲", "group_en": "A", **row} for row in rows]).reindex(
        columns=["group", "group_en", "label", "label_en", *LEGS]
    )
    figure = draw_door_to_door_bars(legs, text=TEXT, limit_min=60.0)
    # 30 and 90 stand at the ends of their bars; 58 would lie on the line at 60.
    assert [total.xy[0] for total in find_by_gid(figure, "total")] == [30.0, 60.0, 90.0]


def test_a_chart_in_english_has_no_hanzi():
    minutes = NAMES.assign(**{"2020": [130.0, 100.0, 300.0], "2035": [110.0, 95.0, 250.0]})
    text = ChartText("结论", "A finding", "方案", "scenario", "来源", "source", "en")
    assert not [sign for sign in read_texts(draw_slopegraph(minutes, text=text)) if ord(sign) > 0x2E80]


def test_a_chart_refuses_signs_that_the_font_lacks():
    with pytest.raises(InputError, match="U\\+1F682"):
        draw_slopegraph(NAMES.assign(name="\N{STEAM LOCOMOTIVE}", **{"2020": 1.0, "2035": 1.0}), text=TEXT)
