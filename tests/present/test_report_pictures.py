"""Which figures the report draws, from what, and what stands on them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sim
from sim.commands.project_savings import find_savings, tabulate_savings
from sim.commands.report_tables import read_further_tables, read_savings
from sim.present.distorted_maps import DistortedPanel, draw_distorted_panels
from sim.present.layers import Place
from sim.present.line_charts import find_corridor
from sim.present.rasters import write_minutes
from sim.present.report.pictures import list_jobs
from tests.present.coast import at, find_by_gid, make_text, read_texts

ORIGIN = Place("甬", "Origin", *at(-10, 0))


@pytest.fixture(scope="module")
def study(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


@pytest.fixture(scope="module")
def data(tutorial_report):
    return tutorial_report


def job_of(data, study, stem):
    return next(job for job in list_jobs(data, study.network) if job.stem == stem)


def test_every_figure_has_a_file_and_captions_of_its_own_and_both_languages(data, study):
    jobs = list_jobs(data, study.network)
    assert len({job.stem for job in jobs}) == len(jobs) >= 5
    assert all(job.caption and job.caption_en for job in jobs)
    assert not any("\u4e00" <= sign <= "\u9fff" for job in jobs for sign in job.caption_en)


def test_the_corridor_is_that_of_the_fastest_train_in_its_direction(study):
    base, full = study.run("base"), study.run("faster_direct")
    # Today the express from a to e stops at c only; with the direct trains there is one without a stop.
    express = find_corridor(base, "a", "e")
    assert (express.service_id, express.stops, express.lines) == ("express", ("a", "c", "e"), ("main",))
    # 18.333 min to c, 2 there, 31.667 on to e (networks/line5/README.md).
    assert express.minutes == pytest.approx(52.0, abs=0.01)
    assert find_corridor(full, "a", "e").stops == ("a", "e")
    # From e to a the same trains turn round; only the stopping train calls at both d and b.
    assert find_corridor(base, "e", "a").stops == ("e", "c", "a")
    assert find_corridor(base, "d", "b").stops == ("d", "c", "b")
    assert find_corridor(base, "a", "nowhere") is None


def test_the_waterfall_begins_at_the_value_without_any_project(data, study):
    rows = [
        ("people:a:60", "speed_up", 120_000.0, 80_000.0, 100_000.0, 0.5, 500_000.0),
        ("people:a:60", "direct", 120_000.0, 80_000.0, 100_000.0, 0.5, 500_000.0),
    ]
    columns = ["value", "player", "first_in", "last_in", "shapley", "share", "base_value"]
    tables = {"contributions": pd.DataFrame(rows, columns=columns)}
    figure = job_of(replace(data, tables=tables), study, "C6_contributions_1").draw()
    # 500,000 people are 50 ten thousands; each of the two adds 10.
    assert find_by_gid(figure, "base")[0].get_xdata()[0] == 50.0
    assert find_by_gid(figure, "all")[0].get_xdata()[0] == 70.0


def test_each_scenario_has_its_curve_of_people_the_base_first(data, study):
    figure = job_of(data, study, "C3_people_a").draw()
    curves = find_by_gid(figure, "people-curve")
    assert [curve.get_label() for curve in curves] == [
        "2026 (today)",
        "2026 (the line at 200 km/h and trains without stops)",
    ]
    people, surface = data.results[0].region.grid.population, data.results[0].surface("a")
    within = people[np.isfinite(surface) & (surface <= 60.0)].sum()
    assert curves[0].get_ydata()[60] == pytest.approx(within / 1e6)


def test_panels_of_distance_as_minutes_share_one_scale_and_show_the_moves(base):
    def cities(minutes):
        rows = [("甲", "A", *at(5, 0), minutes, 150.0), ("乙", "B", *at(-45, 30), 60.0, 60.0)]
        return pd.DataFrame(rows, columns=["name", "name_en", "lon", "lat", "minutes", "before_min"])

    first = DistortedPanel(cities(150.0).drop(columns="before_min"), "2020", "2020")
    second = DistortedPanel(cities(90.0), "2035", "2035")
    sheet = draw_distorted_panels([first, second], base=base, origin=ORIGIN, text=make_text(), limit_min=200.0)
    one, two = sheet.axes[0], sheet.axes[1]
    assert one.get_xlim() == pytest.approx(two.get_xlim())
    assert len(find_by_gid(sheet, "city")) == 4
    moves = find_by_gid(sheet, "move")
    assert len(moves) == 1  # A, in the second panel; B stays where it is
    assert np.hypot(*(np.diff(moves[0].get_xydata(), axis=0)[0])) == pytest.approx(60.0)
    assert "2035" in read_texts(sheet)


def test_savings_are_those_of_each_project_alone_and_come_back_from_their_files(study, tmp_path):
    savings = find_savings(study, "faster_direct", "a")
    assert set(savings) == {"speed_up", "direct"}
    bare = study.model("base").surfaces("a").best.astype(float)
    for project_id, saved in savings.items():
        alone = study.model(study.variant("base", add=[project_id])).surfaces("a").best
        expected = np.where(np.isfinite(bare) & np.isfinite(alone), bare - alone, np.nan)
        assert saved == pytest.approx(expected, abs=0.02, nan_ok=True)
    table = tabulate_savings(study, savings).set_index("project")
    people = study.region.grid.population
    total = sum(float(s) * float(p) for s, p in zip(savings["direct"].ravel(), people.ravel(), strict=True) if s == s)  # noqa: PLR0124 not NaN
    assert table.loc["direct", "million_person_minutes"] == pytest.approx(total / 1e6)
    assert table.loc["speed_up", "cost_100m_cny"] == 10.0
    folder = tmp_path / "study" / "comparison"
    folder.mkdir(parents=True)
    write_minutes(folder / "savings_a.tif", study.region.grid, savings, {})
    table.reset_index().to_csv(folder / "savings_a.csv", index=False)
    read = read_savings(folder, "a")
    assert {name: minutes.shape for name, minutes in read.items()} == dict.fromkeys(savings, bare.shape)
    assert read["direct"] == pytest.approx(savings["direct"], nan_ok=True)
    assert list(read_further_tables(folder, "a")) == ["savings_a"]
    assert read_savings(folder, "b") == {}


@pytest.mark.parametrize(("options", "charts"), [(["speed_up", "direct"], 1), (["speed_up", "direct", "both"], 2)])
def test_two_options_have_one_chart_and_more_have_one_for_each_value(data, study, options, charts):
    rows = [
        (value, option, 10.0 + k, 5.0 + k)
        for value in ("people:a:60", "minutes:a:all")
        for k, option in enumerate(options)
    ]
    table = pd.DataFrame(rows, columns=["value", "option", "cost_100m_cny", "gain"]).assign(on_frontier=True)
    jobs = list_jobs(replace(data, tables={"options": table}), study.network)
    assert len([job for job in jobs if job.kind == "options"]) == charts
