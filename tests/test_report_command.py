"""`sim report` on the small study: it reads what has been run, writes the same bytes twice, and takes a planner's choices."""

import os
import re

import docx
import openpyxl
import pandas as pd
import pytest

import sim
from sim.cli import main
from sim.commands.finished_runs import read_result
from sim.measures.reach import REACH_COLUMNS
from sim.present.run_inputs import COMPUTING_MODULES
from sim.present.written_runs import RESULT_TABLES, read_written_run, was_made_from

DATE = "2026-01-31"
SCENARIOS = ("base", "faster", "faster_direct")


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "outputs"


def choose(study_folder, text):
    """Write choices of the report at the end of study.toml."""
    page = study_folder / "study.toml"
    page.write_text(page.read_text(encoding="utf-8") + f"\n[report]\n{text}\n", encoding="utf-8")


def run(study_folder, outputs):
    assert main(["run", str(study_folder), "--no-maps", "--outputs", str(outputs)]) == 0


@pytest.fixture
def without_figures(monkeypatch):
    """Leave the figures out where a test is about words and numbers: they take most of the time."""
    monkeypatch.setattr("sim.commands.report.draw_pictures", lambda *_, **__: [])


def report(study_folder, outputs, *options):
    return main(["report", str(study_folder), "--outputs", str(outputs), "--date", DATE, *options])


def problems(capsys):
    lines = capsys.readouterr().err.splitlines()
    return [line.strip().removeprefix("- ") for line in lines if line.startswith("  - ")]


def test_two_reports_on_the_same_runs_are_the_same_bytes(tutorial_copy, outputs):
    run(tutorial_copy, outputs)
    folder = outputs / "tutorial" / "comparison"
    found = []
    for _ in range(2):
        assert report(tutorial_copy, outputs) == 0
        found.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    names = {path.suffix for path in found[0]}
    assert {".docx", ".html", ".xlsx", ".png", ".svg", ".pdf"} <= names
    assert found[0].keys() == found[1].keys()
    assert [path for path in found[0] if found[0][path] != found[1][path]] == []


@pytest.mark.usefixtures("without_figures")
def test_what_has_been_run_is_read_and_what_has_not_is_run_first(tutorial_copy, outputs, capsys):
    run(tutorial_copy, outputs)
    runs = {name: outputs / "tutorial" / name / "run.json" for name in SCENARIOS}
    written = {name: path.stat().st_mtime_ns for name, path in runs.items()}
    choose(tutorial_copy, 'title = "另一个题目"')  # no number depends on it
    assert report(tutorial_copy, outputs) == 0
    assert {name: path.stat().st_mtime_ns for name, path in runs.items()} == written
    # A card that two of the three scenarios hold makes them out of date; the third has nothing to do with it.
    card = tutorial_copy / "projects" / "speed_up.toml"
    card.write_text(card.read_text(encoding="utf-8") + "\n# looked at again\n", encoding="utf-8")
    capsys.readouterr()
    assert report(tutorial_copy, outputs) == 0
    assert "faster, faster_direct" in " ".join(capsys.readouterr().err.split())
    assert [name for name, path in runs.items() if path.stat().st_mtime_ns != written[name]] == [
        "faster",
        "faster_direct",
    ]


@pytest.mark.usefixtures("without_figures")
def test_what_the_report_runs_first_stands_in_the_comparison_of_all_scenarios_too(tutorial_copy, outputs):
    run(tutorial_copy, outputs)
    page = tutorial_copy / "study.toml"
    page.write_text(page.read_text(encoding="utf-8").replace("limit_min = 60", "limit_min = 50"), encoding="utf-8")
    assert report(tutorial_copy, outputs) == 0
    verdicts = pd.read_csv(outputs / "tutorial" / "comparison" / "verdicts.csv")
    assert set(verdicts["scenario"]) == set(SCENARIOS)
    assert set(verdicts["limit_min"]) == {50}


def test_a_changed_network_program_or_target_needs_a_new_run_and_a_changed_name_does_not(tutorial_copy, monkeypatch):
    def identify():
        return sim.read_study(tutorial_copy).identify("base")

    page = tutorial_copy / "study.toml"
    text, first = page.read_text(encoding="utf-8"), identify()
    page.write_text(
        text.replace('name_en = "today"', 'name_en = "now"').replace("五站线练习", "另一题"), encoding="utf-8"
    )
    assert identify() == first
    page.write_text(text.replace("limit_min = 60", "limit_min = 61"), encoding="utf-8")
    assert identify() != first
    page.write_text(text.replace("wait_cap_min = 60", "wait_cap_min = 59"), encoding="utf-8")
    assert identify() != first
    page.write_text(text, encoding="utf-8")
    assert identify() == first
    stations = tutorial_copy.parents[1] / "networks" / "line5" / "stations.csv"
    before = stations.read_bytes()
    stations.write_bytes(before + b"\n")
    os.utime(stations, ns=(1, 1))  # written within one tick of the clock it would still be told by its time
    assert identify() != first
    stations.write_bytes(before)
    os.utime(stations, ns=(2, 2))
    assert identify() == first
    monkeypatch.setattr("sim.present.run_inputs._hash_program", lambda: "another program")
    assert identify() != first


def test_how_a_page_of_a_study_is_understood_is_part_of_the_program_that_computes():
    assert {"model.py", "study.py", "study_file.py"} <= set(COMPUTING_MODULES)


def test_a_folder_without_a_run_or_with_half_a_description_is_none_to_read(tmp_path):
    assert not was_made_from(tmp_path, "x")
    (tmp_path / "run.json").write_text('{"made_from": "x"')
    assert not was_made_from(tmp_path, "x")
    (tmp_path / "run.json").write_text('{"made_from": "x"}')
    assert was_made_from(tmp_path, "x")
    assert not was_made_from(tmp_path, "y")


def test_a_run_read_back_is_the_run_to_the_decimals_of_its_files(repository, outputs):
    study = sim.read_study(repository / "scenarios" / "tutorial")
    result = study.run("faster")
    sim.write_result(result, outputs, maps="no")
    again = read_result(study, "faster", outputs)
    for name in RESULT_TABLES:
        written, computed = getattr(again, name), getattr(result, name)
        assert list(written.columns) == list(computed.columns), name
        pd.testing.assert_frame_equal(written, computed.reset_index(drop=True), atol=0.00501, rtol=0, check_dtype=True)
    for mode in ("best", "rail", "road"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(again.surface("a", mode)), pd.DataFrame(result.surface("a", mode)), check_exact=True
        )
    assert dict(again.invariants) == dict(result.invariants)
    assert again.route("a", "e").to_dict() == result.route("a", "e").to_dict()


def test_ids_of_digits_stay_text_and_empty_numbers_are_missing(tmp_path):
    (tmp_path / "run.json").write_text('{"invariants": {}}')
    (tmp_path / "target_cities.csv").write_text(
        "target,to_id,value_min,met,binding_leg\n27,330200,,True,\n27,330300,5.5,False,ride\n"
    )
    table = read_written_run(tmp_path, ()).tables["target_cities"]
    assert table["to_id"].tolist() == ["330200", "330300"]
    assert table["target"].tolist() == ["27", "27"]
    assert table["value_min"].isna().tolist() == [True, False]
    assert table["met"].tolist() == [True, False]
    assert table["binding_leg"].tolist() == ["", "ride"]


def test_words_of_digits_stay_words_and_a_column_without_a_number_holds_numbers(tmp_path):
    (tmp_path / "run.json").write_text('{"invariants": {}}')
    (tmp_path / "city_times.csv").write_text("from_id,to_id,road_min,rail_min,mode,access_by\n1,2,30.5,,road,\n")
    (tmp_path / "coverage.csv").write_text("rule,of,in,to,share\n15,county_seats,41,trunk_road,0.5\n")
    tables = read_written_run(tmp_path, ()).tables
    times, coverage = tables["city_times"], tables["coverage"]
    assert (times["road_min"] - times["rail_min"]).isna().tolist() == [True]
    assert times["access_by"].tolist() == [""]
    assert (coverage["rule"].tolist(), coverage["in"].tolist()) == (["15"], ["41"])


def test_a_study_without_places_has_a_reach_without_rows(tutorial_copy, outputs):
    page = tutorial_copy / "study.toml"
    page.write_text(page.read_text(encoding="utf-8").replace('places = ["a"]', "places = []"), encoding="utf-8")
    study = sim.read_study(tutorial_copy)
    sim.write_result(study.run("base"), outputs, maps="no")
    reach = read_result(study, "base", outputs).reach
    assert (list(reach.columns), len(reach)) == (list(REACH_COLUMNS), 0)


@pytest.mark.usefixtures("without_figures")
def test_a_study_without_places_has_a_report_without_isochrones(tutorial_copy, outputs):
    page = tutorial_copy / "study.toml"
    page.write_text(
        re.sub(r"^places = .*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )
    assert main(["report", str(tutorial_copy), "--outputs", str(outputs)]) == 0
    document = docx.Document(str(outputs / "tutorial" / "comparison" / "report.docx"))
    assert any("两端一小时" in paragraph.text for paragraph in document.paragraphs)


@pytest.mark.usefixtures("without_figures")
def test_a_study_without_trains_is_run_and_reported(tutorial_copy, outputs):
    network = tutorial_copy.parents[1] / "networks" / "line5"
    for name in ("services", "service_stops"):
        path = network / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    run(tutorial_copy, outputs)
    assert report(tutorial_copy, outputs) == 0


@pytest.mark.usefixtures("without_figures")
def test_tables_that_are_older_than_a_run_are_told_with_what_to_run_again(tutorial_copy, outputs, capsys):
    run(tutorial_copy, outputs)
    assert main(["indicators", str(tutorial_copy), "--outputs", str(outputs)]) == 0
    capsys.readouterr()
    assert report(tutorial_copy, outputs) == 0
    assert "run it again" not in capsys.readouterr().err
    card = tutorial_copy / "projects" / "speed_up.toml"
    card.write_text(card.read_text(encoding="utf-8").replace("now = 200", "now = 190"), encoding="utf-8")
    assert report(tutorial_copy, outputs) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "the tables of indicators; run it again, or sim report" in said
    assert "--analyses" in said


def headings(outputs):
    word = docx.Document(outputs / "tutorial" / "comparison" / "report.docx")
    return [paragraph.text for paragraph in word.paragraphs]


@pytest.mark.usefixtures("without_figures")
def test_title_author_organisation_and_language_stand_on_the_report(tutorial_copy, outputs):
    choose(
        tutorial_copy, 'title = "题"\ntitle_en = "A <title>"\nauthor = "张三"\norganisation = "规划院"\nlanguage = "en"'
    )
    run(tutorial_copy, outputs)
    assert report(tutorial_copy, outputs) == 0
    said = headings(outputs)
    assert said[0] == "A <title>"
    assert said[2] == f"规划院  ·  张三  ·  {DATE}"
    properties = docx.Document(outputs / "tutorial" / "comparison" / "report.docx").core_properties
    assert (properties.author, properties.language) == ("张三", "en-GB")
    html = (outputs / "tutorial" / "comparison" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in html
    assert "<title>A &lt;title&gt;</title>" in html
    assert report(tutorial_copy, outputs, "--language", "zh") == 0  # the command line goes before the page
    assert headings(outputs)[0] == "题"


@pytest.mark.usefixtures("without_figures")
def test_the_report_holds_the_scenarios_that_were_chosen_in_their_order(tutorial_copy, outputs):
    choose(tutorial_copy, 'scenarios = ["faster_direct", "base"]\nbase = "base"\nlanguage = "en"')
    run(tutorial_copy, outputs)
    assert report(tutorial_copy, outputs) == 0
    sheet = openpyxl.load_workbook(outputs / "tutorial" / "comparison" / "tables.xlsx")["T4_targets"]
    column = [cell.value for cell in sheet[2]].index("scenario") + 1
    shown = dict.fromkeys(sheet.cell(row, column).value for row in range(3, sheet.max_row + 1))
    names = ["the line at 200 km/h and trains without stops", "today"]
    assert len(shown) == len(names)
    assert all(name in said for name, said in zip(names, shown, strict=True))


def test_a_report_on_one_scenario_compares_nothing_and_is_written(tutorial_copy, outputs):
    run(tutorial_copy, outputs)
    assert report(tutorial_copy, outputs, "--scenario", "faster", "--language", "en") == 0
    assert "today" not in " ".join(headings(outputs))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ('scenarios = ["bse"]', "study.toml: report.scenarios: no scenario 'bse' in study 'tutorial' (did you mean 'base'?)"),
        ('places = ["aa"]', "study.toml: report.places: 'aa' is not among the study's places (did you mean 'a'?)"),
        ('first_page = ["end_to_ende"]', "study.toml: report.first_page: no target 'end_to_ende' (did you mean 'end_to_end'?)"),
        ('base = "fastr"', "study.toml: report.base: 'fastr' is not among the scenarios of the report (did you mean 'faster'?)"),
        ('maps = ["isochrone"]', "study.toml: report.maps: no kind of map 'isochrone' (did you mean 'isochrones'?); there are "
         "network, isochrones, small_multiples, differences, dominant, time_distorted, close_ups"),
        ('language = "de"', "study.toml: report.language: input should be 'zh' or 'en' (it is 'de')"),
        ('titel = "x"', "study.toml: unknown key 'report.titel' (did you mean 'title'?)"),
    ],
)  # fmt: skip
def test_a_choice_that_the_study_does_not_know_is_refused_with_what_was_meant(
    tutorial_copy, outputs, capsys, choice, said
):
    choose(tutorial_copy, choice)
    assert report(tutorial_copy, outputs) == 2
    assert [re.sub(r"^(?:TMP|.*/)(?=study\.toml)", "", line) for line in problems(capsys)] == [said]
    assert not outputs.exists()


def test_every_wrong_choice_is_said_at_once(tutorial_copy, outputs, capsys):
    choose(tutorial_copy, 'places = ["b"]\nfirst_page = ["x"]\nbase = "y"')
    assert report(tutorial_copy, outputs, "--scenario", "z", "--date", "yesterday") == 2
    said = "\n".join(problems(capsys))
    for part in (
        "--scenario: no scenario 'z'",
        "report.places",
        "report.first_page",
        "report.base",
        "--date: 'yesterday'",
    ):
        assert part in said


def column_of(sheet, title):
    """Return the cells of a column of a workbook by its title."""
    number = [cell.value for cell in sheet[2]].index(title) + 1
    return [sheet.cell(row, number).value for row in range(3, sheet.max_row + 1)]


@pytest.mark.usefixtures("without_figures")
def test_the_workbook_holds_the_numbers_of_the_files_that_were_run(tutorial_copy, outputs):
    choose(tutorial_copy, 'language = "en"')
    run(tutorial_copy, outputs)
    assert report(tutorial_copy, outputs) == 0
    book = openpyxl.load_workbook(outputs / "tutorial" / "comparison" / "tables.xlsx")
    targets, reach = (
        pd.concat([pd.read_csv(outputs / "tutorial" / scenario / f"{name}.csv") for scenario in SCENARIOS])
        for name in ("targets", "reach")
    )
    sheet = book["T4_targets"]
    for title, name in (
        ("minutes", "value_min"),
        ("slack, min", "slack_min"),
        ("share of people", "share_of_population"),
    ):
        assert column_of(sheet, title) == targets[name].tolist(), title
    best = reach[reach["mode"] == "best"]
    written = pd.DataFrame({title: column_of(book["T5_reach"], title) for title in ("cut-off, min", "people, 10 000")})
    by_cutoff = best.groupby("cutoff_min")["population"].apply(sorted)
    for cutoff, people in by_cutoff.items():
        shown = sorted(10_000 * written.loc[written["cut-off, min"] == cutoff, "people, 10 000"])
        assert shown == pytest.approx(people)
