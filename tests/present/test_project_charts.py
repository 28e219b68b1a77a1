"""Charts of projects and targets, drawn from made-up tables."""

import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from jinja2 import Template

from sim.present.chart_sheet import ChartText
from sim.present.leg_charts import LEGS
from sim.present.project_charts import draw_contribution_waterfall, draw_options_frontier, draw_synergy_matrix
from sim.present.style import READING_NAMES
from sim.present.target_charts import draw_switching_tornado, draw_target_timeline
from tests.present.coast import find_by_gid, read_texts

TEXT = ChartText("结论", "A finding")
NAMES = {"a": ("甲线", "Line A"), "b": ("乙桥", "Bridge B"), "c": ("丙路", "Road C")}
PEOPLE = ("人口（万人）", "people (10,000)")


def test_the_waterfall_leads_from_the_base_to_the_sum_of_all_parts():
    parts = pd.DataFrame(
        [("a", 30.0, 10.0, 20.0), ("b", -5.0, -5.0, -5.0), ("c", 40.0, 20.0, 30.0)],
        columns=["player", "first_in", "last_in", "shapley"],
    )
    figure = draw_contribution_waterfall(parts, base_value=100.0, names=NAMES, quantity=PEOPLE, text=TEXT)
    bars = [find_by_gid(figure, f"player-{player}")[0] for player in "cab"]
    # Largest first: 100 -> 130 -> 150 -> 145.
    starts = [bar.get_x() for bar in bars]
    assert [bar.get_width() for bar in bars] == [30.0, 20.0, -5.0]
    assert starts == [100.0, 130.0, 150.0]
    assert find_by_gid(figure, "all")[0].get_xdata()[0] == 145.0
    # From the base of 100, a alone brings 30, b -5, c 40; of the 145 of all, a as the last one is 10, b -5, c 20.
    alone = {mark.get_ydata()[0]: mark.get_xdata()[0] for mark in find_by_gid(figure, "first_in")}
    without = {mark.get_ydata()[0]: mark.get_xdata()[0] for mark in find_by_gid(figure, "last_in")}
    assert alone == {1: 140.0, 2: 130.0, 3: 95.0}  # c, a, b
    assert without == {1: 125.0, 2: 135.0, 3: 150.0}
    texts = read_texts(figure)
    assert "3个项目建成" in texts
    assert {"+30", "+20", "\N{MINUS SIGN}5", "100", "145"} <= set(texts.split("\n"))
    # A loss is told by its hatch as well.
    assert bars[2].get_hatch()
    assert not bars[0].get_hatch()


def test_substitutes_and_complements_differ_by_hatch_and_sign():
    pairs = pd.DataFrame(
        [("a", "b", -12.0, "substitutes"), ("a", "c", 6.0, "complements"), ("b", "c", 0.01, "independent")],
        columns=["a", "b", "synergy", "kind"],
    )
    figure = draw_synergy_matrix(pairs, names=NAMES, quantity=PEOPLE, text=TEXT)
    assert find_by_gid(figure, "pair-b-a")[0].get_hatch()
    assert not find_by_gid(figure, "pair-c-a")[0].get_hatch()
    assert {"\N{MINUS SIGN}12", "+6", "0"} <= set(read_texts(figure).split("\n"))
    assert len(figure.axes[0].patches) == 3


def test_the_frontier_passes_through_what_nothing_beats_and_leaves_out_what_has_no_cost():
    options = pd.DataFrame(
        [("a", 100.0, 10.0, True), ("b", 300.0, 8.0, False), ("c", None, 50.0, False)],
        columns=["option", "cost_100m_cny", "gain", "on_frontier"],
    )
    figure = draw_options_frontier(options, names=NAMES, quantity=PEOPLE, text=TEXT)
    (frontier,) = find_by_gid(figure, "frontier")
    corners = list(zip(frontier.get_xdata().tolist(), frontier.get_ydata().tolist(), strict=True))
    assert corners[:3] == [(0.0, 0.0), (100.0, 0.0), (100.0, 10.0)]
    assert corners[-1][1] == 10.0
    (beaten,) = find_by_gid(figure, "dominated")
    assert beaten.get_xydata().tolist() == [[300.0, 8.0]]
    texts = read_texts(figure)
    assert "甲线" in texts
    assert "丙路" not in texts


def test_a_frontier_of_nothing_is_an_empty_chart_not_an_error():
    options = pd.DataFrame([("b", 300.0, -2.0, False)], columns=["option", "cost_100m_cny", "gain", "on_frontier"])
    figure = draw_options_frontier(options, names=NAMES, quantity=PEOPLE, text=TEXT)
    assert find_by_gid(figure, "frontier")[0].get_ydata().tolist() == [0.0, 0.0]


@pytest.fixture
def switches():
    return pd.DataFrame(
        {
            "lever": ["a", "b"],
            "unit": ["km/h", "列/天"],
            "value_now": [350.0, 30.0],
            "switching_value": [np.nan, 68.0],
            "met_by_this_alone": ["no", "yes"],
            "best_value_min": [70.0, 55.0],
            "now_value_min": [80.0, 80.0],
            "limit_min": [60.0, 60.0],
        }
    )


def test_the_tornado_has_the_strongest_lever_on_top_and_says_what_would_do(switches):
    figure = draw_switching_tornado(switches, names=NAMES, text=TEXT)
    speed, trains = find_by_gid(figure, "lever-a")[0], find_by_gid(figure, "lever-b")[0]
    # 80 minutes now; trains bring 25, speed 10.
    assert (trains.get_width(), speed.get_width()) == (-25.0, -10.0)
    assert trains.get_y() < speed.get_y()
    assert figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]
    texts = read_texts(figure)
    assert "30 → 68 列/天 即达标" in texts
    assert "not by this alone (best 70 min)" in texts
    assert speed.get_hatch()
    assert not trains.get_hatch()


def test_levers_are_named_with_units_of_the_language_of_the_chart(switches):
    table = switches.assign(unit=["trains/day", "share"], value_now=[44.0, 1.0], switching_value=[np.nan, 0.4])
    chinese = read_texts(draw_switching_tornado(table, names=NAMES, text=replace(TEXT, language="zh")))
    assert "现 44 列/日，单独不够（最好 70 分钟）" in chinese
    assert "100% → 40% 即达标" in chinese
    assert "本情景 80" in chinese
    assert not {"trains", "share", "方案"} & set(chinese.replace("\n", " ").split())


def test_charts_name_readings_and_legs_as_the_report_does(repository):
    said = tomllib.loads((repository / "sim" / "present" / "report" / "sentences.toml").read_text("utf-8"))
    for reading, names in READING_NAMES.items():
        assert names == tuple(
            Template(said["reading"][reading][language]).render(share="") for language in ("zh", "en")
        )
    for leg in ("access", "station", "wait", "ride", "change", "egress"):
        assert LEGS[f"{leg}_min"][0] == said["leg"][leg]["zh"]


def test_the_timeline_has_a_diamond_for_what_is_met_and_words_for_what_is_not():
    first = pd.DataFrame(
        [
            ("t", "station_fastest", 2027, 51.0, 60.0, 2027, 2028),
            ("t", "centre_to_centre", None, 147.0, 60.0, None, None),
        ],
        columns=["target", "reading", "first_year", "best_value_min", "limit_min", "earliest", "latest"],
    )
    figure = draw_target_timeline(
        first, names={"t": ("沪甬1小时", "Within an hour")}, due={"t": (2025,)}, years=(2020, 2035), text=TEXT
    )
    (diamond,) = find_by_gid(figure, "first-year")
    assert diamond.get_xdata()[0] == 2027
    assert find_by_gid(figure, "range")[0].get_xdata().tolist() == [2027, 2028]
    assert find_by_gid(figure, "due")[0].get_xdata().tolist() == [2025, 2025]
    texts = read_texts(figure)
    assert "各情景均未达：最好 147 > 60" in texts
    assert "not met: best 147 > 60 min" in texts
    assert "2027 年起达到" in texts


def test_years_on_the_timeline_never_run_into_each_other():
    first = pd.DataFrame(
        [("t", "station_fastest", 2030, 51.0, 60.0)],
        columns=["target", "reading", "first_year", "best_value_min", "limit_min"],
    )
    for years in ((2020, 2025), (2020, 2035), (2005, 2050)):
        figure = draw_target_timeline(first, names={"t": ("甲", "A")}, due={}, years=years, text=TEXT)
        assert 2 <= len(figure.axes[0].get_xticks()) <= 9
