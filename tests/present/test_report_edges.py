"""What the report says where a study is out of the ordinary: other cut-offs, shares, few targets, one scenario, small numbers."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim.commands.report_tables import read_further_tables
from sim.measures.targets import Target
from sim.present.report.chapters_reach import _ends
from sim.present.report.chapters_results import _failing_of
from sim.present.report.choices import ReportChoices
from sim.present.report.document import Bullets, Heading, Paragraph
from sim.present.report.pictures import list_jobs
from sim.present.report.report import build_document
from sim.present.report.sentences import Sentences, few_digits, minutes

CHINESE = ReportChoices(language="zh")


def texts_of(data):
    found = []
    for block in build_document(data).blocks:
        if isinstance(block, Heading | Paragraph):
            found.append(block.text)
        elif isinstance(block, Bullets):
            found += block.items
    return found


def table_of(data, key):
    return next(table for table in build_document(data).tables() if table.key == key)


def with_target(data, target_id, **changed):
    """Return the same data with one target more: the only one of the study, changed."""
    target = data.targets["end_to_end"].model_copy(update=changed)
    results = [
        replace(
            result,
            targets=pd.concat([result.targets, result.targets.assign(target=target_id)], ignore_index=True),
            target_cities=pd.concat(
                [result.target_cities, result.target_cities.assign(target=target_id)], ignore_index=True
            ),
        )
        for result in data.results
    ]
    return replace(data, targets={**data.targets, target_id: target}, results=results)


def without_targets(data):
    results = [
        replace(result, targets=result.targets.iloc[:0], target_cities=result.target_cities.iloc[:0])
        for result in data.results
    ]
    return replace(data, targets={}, results=results)


def test_people_within_an_hour_are_counted_whichever_cutoffs_the_study_has(tutorial_report):
    reach = [result.reach[result.reach["cutoff_min"] == 90] for result in tutorial_report.results]
    other = [replace(result, reach=rows) for result, rows in zip(tutorial_report.results, reach, strict=True)]
    first = tutorial_report.results[0].surface("a")
    within = sum(
        float(people)
        for here, people in zip(first.ravel(), tutorial_report.results[0].region.grid.population.ravel(), strict=True)
        if here <= 60
    )
    assert within > 0
    said = next(text for text in texts_of(replace(tutorial_report, results=other)) if text.startswith("Within 60 min"))
    assert f"Within 60 minutes of A: {within:,.0f} people in 2026 (today)" in said


@pytest.mark.parametrize(("stations", "read"), [("same", ["rail_summary"]), ("other", [])])
def test_a_hindcast_is_taken_only_where_it_compared_the_network_of_the_study(tmp_path, stations, read):
    observed, run = tmp_path / "hindcast" / "observed", tmp_path / "study" / "base"
    observed.mkdir(parents=True)
    run.mkdir(parents=True)
    pd.DataFrame({"scope": ["x"]}).to_csv(observed / "rail_summary.csv", index=False)
    # A table without rows has the same hash in every network: it tells none from another.
    compared = {"stations.csv": "same", "ferries.csv": "without rows"}
    (observed / "inputs.json").write_text(json.dumps({"inputs_sha256": compared}))
    of_run = {"line5/stations.csv": stations, "ferries.csv": "without rows"}
    (run / "run.json").write_text(json.dumps({"inputs_sha256": of_run}))
    assert list(read_further_tables(tmp_path / "study" / "comparison", "a")) == read


def test_the_share_of_the_people_is_that_of_the_target(tutorial_report):
    target = tutorial_report.targets["end_to_end"].model_copy(update={"required_share": 0.8})
    said = replace(tutorial_report, targets={"end_to_end": target})
    texts = texts_of(said)
    assert next(text for text in texts if text.startswith("Door to door: the minutes")).startswith(
        "Door to door: the minutes within which 80% of all pairs"
    )
    verdicts = table_of(said, "T4_verdicts")
    assert [column.title for column in verdicts.columns][-1] == "door to door (80% of pairs of people)"
    assert "80% of pairs" in verdicts.note
    assert "door to door (80%)" in table_of(said, "T4_by_year").frame["reading"].tolist()


def test_where_targets_require_different_shares_each_is_named_with_its_own(tutorial_report):
    said = with_target(tutorial_report, "easier", required_share=0.8, name="宽", name_en="easier")
    verdicts = table_of(said, "T4_verdicts")
    assert [column.title for column in verdicts.columns][-1] == "door to door"
    assert "80% (easier) or 95% (from end to end within one hour) of pairs" in verdicts.note
    readings = table_of(said, "T4_by_year").frame["reading"].tolist()
    assert [reading for reading in readings if reading.startswith("door")] == [
        "door to door (95%)",
        "door to door (80%)",
    ]
    chinese = table_of(replace(said, choices=CHINESE), "T4_verdicts").note
    assert "80%（宽）或95%（" in chinese


def test_charts_of_targets_are_left_out_without_targets_and_take_one_that_has_an_origin(tutorial_report):
    network = tutorial_report.results[0].network
    stems = {job.stem for job in list_jobs(without_targets(tutorial_report), network)}
    assert "C3_people_a" in stems
    assert not stems & {"C1_legs", "C2_timeline", "C5_slopes"}
    later = replace(tutorial_report.results[1], scenario=replace(tutorial_report.results[1].scenario, year=2031))
    two_years = replace(tutorial_report, results=[tutorial_report.results[0], later])
    own = Target(name="甲", name_en="x", from_set="all", to_kind="own_counties", limit_min=60, source="invented")
    job = next(
        job
        for job in list_jobs(replace(two_years, targets={"own": own, **two_years.targets}), network)
        if job.stem == "C5_slopes"
    )
    assert any("to A" in text.get_text() for text in job.draw().findobj(lambda artist: hasattr(artist, "get_text")))
    only_own = list_jobs(replace(two_years, targets={"own": own}), network)
    assert "C5_slopes" not in {job.stem for job in only_own}


def test_a_study_without_targets_has_a_report(tutorial_report):
    assert "Verdicts on the targets" in texts_of(without_targets(tutorial_report))


def test_the_worst_tenth_of_the_people_is_told_of_both_scenarios_by_their_names(tutorial_report):
    rows = [
        (scenario, city, "average_minutes", "best", minutes)
        for scenario, minutes in (("base", 100.0), ("faster_direct", 80.0))
        for city in tutorial_report.results[0].region.cities["city_id"]
    ]
    table = pd.DataFrame(rows, columns=["scenario", "city_id", "indicator", "mode", "value"])
    said = texts_of(replace(tutorial_report, choices=CHINESE, tables={"indicators": table}))
    worst = next(text for text in said if "平均时间最长的十分之一" in text)
    assert "2026年（现状）100分钟，2026年（提速并开行直达车）80分钟" in worst


def test_few_counties_stand_once_each_and_of_many_both_ends():
    assert _ends(pd.DataFrame({"saved": range(5)}))["saved"].tolist() == [0, 1, 2, 3, 4]
    assert _ends(pd.DataFrame({"saved": range(12)}))["saved"].tolist() == list(range(12))
    assert _ends(pd.DataFrame({"saved": range(20)}))["saved"].tolist() == [*range(8), 16, 17, 18, 19]


def test_a_narrow_miss_is_not_said_to_be_none(tutorial_report):
    results = [
        replace(result, targets=result.targets.assign(met=False, value_min=60.3, slack_min=-0.3))
        for result in tutorial_report.results
    ]
    narrow = replace(tutorial_report, results=results)
    assert any("Nearest miss: 60.3 min" in text and "0.3 min over" in text for text in texts_of(narrow))
    assert any("差0.3分钟" in text for text in texts_of(replace(narrow, choices=CHINESE)))
    assert [minutes(value) for value in (0.0, 0.02, 0.96, 1.4, 84.4)] == ["0", "<0.1", "1.0", "1", "84"]


def test_small_savings_are_not_rounded_to_nothing(tutorial_report):
    columns = ["scenario", "place", "project", "million_person_minutes", "people_saving_5min", "most_saved_min"]
    savings = pd.DataFrame([("faster_direct", "a", "speed_up", 0.123, 0.0, 4.0)], columns=columns)
    small = replace(tutorial_report, tables={"savings_a": savings.assign(cost_100m_cny=10.0)})
    lead = "0.12 million person-minutes if each goes once, and no one saves 5 minutes or more."
    assert any(lead in text for text in texts_of(small))
    # 0.123 million are 12.3 times 万.
    assert any("合计12万人·分钟，没有人节省5分钟以上" in text for text in texts_of(replace(small, choices=CHINESE)))
    assert [few_digits(amount) for amount in (1234.5, 9.96, 4.0, 0.05)] == ["1,234", "10", "4", "0.05"]


def test_a_report_on_one_scenario_compares_it_with_nothing(tutorial_report):
    one = replace(tutorial_report, results=tutorial_report.results[:1], full_id="base")
    said = texts_of(one)
    assert not any(text.startswith(("Compared here", "From A")) for text in said)
    assert not any(text.count("2026 (today)") > 1 for text in said)
    assert any(text.startswith("Within 60 minutes of A in 2026 (today): ") for text in said)
    titles = [column.title for column in table_of(one, "T2_pairs").columns]
    assert len(titles) == len(set(titles)) == 5


def test_tables_are_said_to_go_by_years_only_where_they_do(tutorial_report):
    assert table_of(tutorial_report, "T1_names").note == ""  # both are of 2026
    base, full = tutorial_report.results
    later = replace(full, scenario=replace(full.scenario, year=2031))
    assert (
        table_of(replace(tutorial_report, results=[base, later]), "T1_names").note
        == "The tables below call scenarios by their years."
    )
    third = replace(full, scenario=replace(full.scenario, scenario_id="third"))
    note = table_of(replace(tutorial_report, results=[base, third, later], full_id="third"), "T1_names").note
    assert note.endswith("and by their names too where years are the same.")


def test_a_command_still_to_be_run_is_named_once(tutorial_report):
    said = texts_of(tutorial_report)
    for command in ("indicators", "contributions", "options", "switching", "claims"):
        assert sum(f"run sim {command} first" in text for text in said) == 1, command
    assert not any("(sim contributions)" in text for text in said)


def test_what_no_reading_reaches_stands_first_among_what_fails(tutorial_report):
    readings = ("station_fastest", "centre_to_centre")
    rows = [
        ("end_to_end", reading, city, minutes, False, people)
        for city, minutes, people in (("b", 70.0, 1.0), ("c", np.nan, 1.0), ("d", 90.0, 1.0))
        for reading in readings
    ]
    details = pd.DataFrame(rows, columns=["target", "reading", "to_id", "value_min", "met", "population"])
    table = _failing_of(tutorial_report, Sentences("en"), "end_to_end", details)
    assert table.frame["to_id"].tolist() == ["c", "d", "b"]
