"""Charts show every point that has both values, and refuse texts that the shipped font cannot draw."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import sim
from sim.measures.hindcast import FASTEST_GOAL
from sim.measures.line_runs import run_line
from sim.present.charts import Comparison, draw_residuals, plot_comparisons, plot_speed_profile


def comparison(**values):
    frame = pd.DataFrame(
        {"observed": [60.0, 120.0, 180.0], "modelled": [62.0, 130.0, None], "group": ["main", "other", "main"]}
        | {"label": ["宁波—杭州", "宁波—上海", "宁波—南京"]}
        | values
    )
    return Comparison("最快列车", "fastest train", frame, FASTEST_GOAL)


def test_residuals_are_drawn_where_there_are_both_values_and_the_worst_is_named():
    figure, ax = plt.subplots()
    draw_residuals(ax, comparison(), named=1)
    points = {tuple(point) for dots in ax.collections for point in dots.get_offsets().tolist()}
    assert {(60.0, 2.0), (120.0, 10.0)} <= points
    assert [text.get_text() for text in ax.texts] == ["宁波—上海"]
    plt.close(figure)


def test_each_comparison_has_a_scatter_and_its_residuals():
    figure = plot_comparisons([comparison(), comparison()], note="来源 source", strong=("主要", "main"), light=("", ""))
    assert len(figure.axes) == 4
    assert figure.axes[0].get_title(loc="left") == "最快列车\nfastest train"


def test_a_sign_that_the_font_lacks_is_refused_by_name():
    with pytest.raises(sim.InputError, match="U\\+1F682"):
        plot_comparisons(
            [comparison(label=["\N{STEAM LOCOMOTIVE}"] * 3)], note="", strong=("主要", "main"), light=("", "")
        )


def test_a_speed_profile_marks_every_station_with_its_minutes(line5):
    run = run_line(line5, ["main"], "SIMPLE", ["a", "c", "e"])
    figure = plot_speed_profile(run, title="A—E", title_en="A-E")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == 5
    assert any(text.startswith("C站 C station  18.3 min") for text in texts)
