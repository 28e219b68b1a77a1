"""What the chapters of the report say, from tables made by hand and from the five stations on a line."""

import datetime as dt
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest

import sim
from sim.present.report.chapters_cities import _mean_of_worst
from sim.present.report.chapters_claims import _say_claimed
from sim.present.report.document import Bullets, Heading, Paragraph, Sheet, Table
from sim.present.report.opening_range import add_opening_range
from sim.present.report.report import build_document, write_documents

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def study(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


@pytest.fixture(scope="module")
def data(tutorial_report):
    return tutorial_report


def said_in(document):
    """Return every heading, paragraph and bullet as one text."""
    texts = []
    for block in document.blocks:
        if isinstance(block, Heading | Paragraph):
            texts.append(block.text)
        elif isinstance(block, Bullets):
            texts += block.items
    return "\n".join(texts)


def table_of(document, key):
    return next(table for table in document.tables() if table.key == key)


def scenario(name, year, *projects):
    return SimpleNamespace(scenario=SimpleNamespace(scenario_id=name, year=year, projects=projects))


def project(central, earliest=None, latest=None):
    days = [None if day is None else dt.date.fromisoformat(day) for day in (central, earliest, latest)]
    opens = SimpleNamespace(central=days[0], earliest=days[1], latest=days[2])
    return SimpleNamespace(card=SimpleNamespace(opens=opens))


def test_a_target_may_be_met_as_late_as_the_last_project_that_it_waits_for():
    results = [scenario("now", 2025, "old"), scenario("soon", 2027, "old", "line", "bridge")]
    projects = {
        "old": project("2020-12-31", latest="2040-12-31"),  # on in both: the target does not wait for it
        "line": project("2026-06-30", earliest="2025-12-31", latest="2027-06-30"),
        "bridge": project("2027-01-31", earliest="2026-12-31", latest="2029-12-31"),
    }
    first = pd.DataFrame(
        [("circle", "fast", 2027, "soon"), ("circle", "slow", 2025, "now"), ("circle", "never", None, "")],
        columns=["target", "reading", "first_year", "first_scenario"],
    )
    ranges = add_opening_range(first, results, projects).set_index("reading")
    assert ranges.loc["fast", ["earliest", "latest"]].tolist() == [2026, 2029]  # both have to be open
    assert ranges.loc["slow", ["earliest", "latest"]].tolist() == [2025, 2025]
    assert ranges.loc["never", ["earliest", "latest"]].isna().all()


def test_the_worst_tenth_takes_part_of_a_city_where_it_has_to():
    # 100 people: the tenth are the 5 of the farthest city (200 min) and 5 of the next (100 min).
    assert _mean_of_worst(pd.Series([100.0, 200.0]), pd.Series([95.0, 5.0])) == 150.0
    # One city of half of the people is the worst tenth by itself.
    assert _mean_of_worst(pd.Series([100.0, 200.0]), pd.Series([50.0, 50.0])) == 200.0


def test_winners_are_weighted_by_people_and_agree_with_the_surfaces(data):
    table = table_of(build_document(data), "T8_cities")
    base, full = (result.surface("a").astype(float) for result in data.results)
    region = data.results[0].region
    rows = dict(zip(table.frame["city"], table.frame["a_saved"], strict=True))
    checked = 0
    for city in region.cities.itertuples():
        total = weight = 0.0
        for cell in zip(*np.nonzero(region.cells_of(city.city_id)), strict=True):
            if np.isfinite(base[cell]) and np.isfinite(full[cell]):
                total += region.grid.population[cell] * (base[cell] - full[cell])
                weight += region.grid.population[cell]
        if weight:
            assert rows[city.name_en] == pytest.approx(total / weight, abs=0.01), city.city_id
            checked += 1
    assert checked > 1


def test_a_sheet_stands_in_the_workbook_and_not_in_the_text(data, tmp_path):
    document = build_document(data)
    sheets = [block.table.key for block in document.blocks if isinstance(block, Sheet)]
    shown = [block.key for block in document.blocks if isinstance(block, Table)]
    assert "T4_targets" in sheets
    assert not set(sheets) & set(shown)
    write_documents(document, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert {*sheets, *shown} <= {name[:31] for name in book.sheetnames}
    assert "Every target, scenario and reading" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_targets_have_one_row_a_reading_and_one_column_a_scenario(data):
    table = table_of(build_document(data), "T4_by_year")
    verdicts = data.verdicts()
    row = verdicts[(verdicts["scenario"] == "base") & (verdicts["reading"] == "station_fastest")].iloc[0]
    assert len(table.frame) == verdicts.drop_duplicates(["target", "reading"]).shape[0]
    # The express takes 52 min (networks/line5/README.md), within the hour.
    assert row["value_min"] == pytest.approx(52.0, abs=0.01)
    assert table.frame["base"].iloc[0] == "52 ✓"
    # Centre to centre it is 84.4 min: over it.
    assert table.frame.set_index("reading").loc["centre to centre", "base"] == "84 ✗"


CLAIM = {
    "claim_id": "x",
    "system": "y",
    "words": "z",
    "from_station": "a",
    "to_station": "e",
    "typical_min": 70.0,
    "door_to_door_min": 100.0,
    "fastest_min": 58.0,
    "difference_min": -8.0,
    "why": "",
    "source": "s",
}


def test_an_impossible_claim_is_told_with_what_is_possible_and_by_its_stations_where_it_names_no_place(data):
    claims = pd.DataFrame(
        [
            CLAIM
            | {"verdict": "impossible", "mode": "rail", "year": 2027, "claimed_min": 30.0, "least_possible_min": 41.27}
            | {"from_place": np.nan, "to_place": np.nan},
            CLAIM
            | {"verdict": "impossible", "mode": "road", "year": 2035, "claimed_min": 60.0, "least_possible_min": 80.0}
            | {"from_place": "a", "to_place": "b"},
            CLAIM
            | {"verdict": "optimistic", "mode": "rail", "year": 2027, "claimed_min": 50.0, "least_possible_min": 41.27}
            | {"from_place": "a", "to_place": "b"},
        ]
    )
    said = said_in(build_document(replace(data, tables={"claims": claims})))
    assert "These 2 claims are below what is physically possible:" in said
    assert "A station–E station (2027): claimed 30 min; a train without a stop or any reserve takes 41.3 min." in said
    assert "(2035): claimed 60 min; at the speed limit all the way it takes at least 80 min." in said


RESIDUALS = pd.DataFrame(
    [
        ("all stations", "all", "fastest", 1878, 0.08, 1.32, 0.984, "5 min or 5 %"),
        ("all stations", "all", "typical", 1878, 0.52, 2.1, 0.9643, "8 min or 8 %"),
    ],
    columns=["scope", "group", "reading", "n", "median_error_min", "median_abs_error_min", "share_within", "tolerance"],
)
TESTS = pd.DataFrame(
    [
        (2016, 2016, "fastest, main stations", "all", 848, 0.2, 1.28, 4.36, 0.98, "5 min or 5 %"),
        (2023, 2016, "fastest, main stations", "all", 848, 1.08, 2.04, 9.69, 0.888, "5 min or 5 %"),
        (2016, 2023, "sections", "by class", 712, -0.48, 1.08, 3.4, 0.7079, "2 min"),
    ],
    columns=[
        *("fitted_on", "tested_on", "test", "lines", "n", "median_error_min", "median_abs_error_min"),
        *("p90_abs_error_min", "share_within", "tolerance"),
    ],
)


def test_trust_rests_on_the_test_out_of_sample_and_says_which_is_which(data):
    tables = {"rail_summary": RESIDUALS, "out_of_sample": TESTS}
    document = build_document(replace(data, tables=tables))
    said = said_in(document)
    lead = next(line for line in said.split("\n") if line.startswith("What to trust across years"))
    assert "off by 2.0 min in the median over 848 pairs of main stations; 89% are within 5 min or 5%" in lead
    assert (
        "over 1,878 pairs of stations with direct trains in the timetable of 2016 the fastest train is off by 1.3 min"
        in said
    )
    assert "a median error of +1.1 min (positive: the model is slower)" in said
    table = table_of(document, "T15_trains")
    assert table.frame["tolerance"].tolist() == ["5 min or 5%", "5 min or 5%", "2 min"]
    assert not CHINESE.search(said)


def test_without_a_hindcast_the_chapter_on_trust_names_the_command(data):
    said = said_in(build_document(data))
    assert "run sim hindcast first" in said
    assert "sim claims, sim hindcast" in said  # among the data gaps, all of them at once


def test_what_a_project_saves_is_counted_in_people_and_costs_are_per_minute_of_a_million(data):
    savings = pd.DataFrame(
        [
            ("faster_direct", "a", "speed_up", 4.0, 120_000.0, 12.5, 10.0),
            ("faster_direct", "a", "direct", 0.0, 0.0, 0.0, np.nan),
        ],
        columns=[
            *("scenario", "place", "project", "million_person_minutes", "people_saving_5min", "most_saved_min"),
            "cost_100m_cny",
        ],
    )
    document = build_document(replace(data, tables={"savings_a": savings}))
    said = said_in(document)
    assert (
        "4 million person-minutes if each goes once, and 120,000 people save 5 minutes or more. 1 of 2 projects saves"
        in said
    )
    frame = table_of(document, "T10_cost").frame
    # 10 (100 million CNY) for 4 million person-minutes; what saves nothing has no such cost.
    assert frame["cost_per_minute"].tolist() == [2.5, pytest.approx(np.nan, nan_ok=True)]
    assert frame["person_minutes"].tolist() == [400.0, 0.0]


def test_people_are_ten_thousands_and_minutes_stay_minutes_in_contributions(data):
    rows = [
        ("slack_min:end_to_end:station_fastest", "speed_up", 6.0, 4.0, 5.0, 0.5),
        ("people:a:60", "speed_up", 120_000.0, 80_000.0, 100_000.0, 1.0),
    ]
    table = pd.DataFrame(rows, columns=["value", "player", "first_in", "last_in", "shapley", "share"])
    frame = table_of(build_document(replace(data, tables={"contributions": table})), "T7_contributions").frame
    assert frame["first_in"].tolist() == [6.0, 12.0]
    assert frame["shapley"].tolist() == [5.0, 10.0]


def test_scenarios_go_by_their_years_where_these_tell_them_apart(data, study):
    later = replace(study.scenario("faster_direct"), year=2031)
    results = [data.results[0], replace(data.results[1], scenario=later)]
    table = table_of(build_document(replace(data, results=results)), "T4_by_year")
    assert [column.title for column in table.columns][2:] == ["2026", "2031"]
    same = table_of(build_document(data), "T4_by_year")
    assert [column.title for column in same.columns][2:] == [
        "2026 (today)",
        "2026 (the line at 200 km/h and trains without stops)",
    ]


@pytest.mark.parametrize(
    ("claimed_min", "high", "bound", "said"),
    [(60.0, float("nan"), "at_most", "≤60"), (60.0, 89.0, "about", "60–89"), (51.0, float("nan"), "about", "51")],
)
def test_a_claim_is_shown_as_it_was_made(claimed_min, high, bound, said):
    assert _say_claimed({"claimed_min": claimed_min, "claimed_high_min": high, "bound": bound}) == said
