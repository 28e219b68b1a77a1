"""The table of a plan's systems: looked up in tables made by hand, filled for the tutorial, and complete for the main study."""

import pandas as pd
import pytest

import sim
from sim.cli import main
from sim.errors import InputError
from sim.measures.systems import (
    COMPARISON,
    SYSTEM_COLUMNS,
    SYSTEM_VALUE_COLUMNS,
    check_names,
    join_rows,
    look_up,
    read_systems,
)
from sim.present.systems_page import BEGIN, END, put_into_page, write_markdown

TIMES = pd.DataFrame(
    [("a", "b", 60.0, 12.0), ("a", "c", 90.0, 3.0)], columns=["from_id", "to_id", "ride_min", "wait_min"]
)
FASTER = TIMES.assign(ride_min=[45.0, 90.0])
TABLES = {("old", "times.csv"): TIMES, ("new", "times.csv"): FASTER}


def asked(**values):
    """Return one row of system_values.csv: from a to b before and after, unless said otherwise."""
    usual = {
        "number": "1", "label": "x", "label_en": "x", "scenarios": "old;new", "file": "times.csv",
        "where": "from_id=a;to_id=b", "column": "ride_min", "works_when": "",
    }  # fmt: skip
    return pd.DataFrame([usual | values], columns=list(SYSTEM_VALUE_COLUMNS))


def shown(values, tables=TABLES):
    rows = pd.DataFrame([("1", "铁路", "", "", "")], columns=list(SYSTEM_COLUMNS))
    return join_rows(rows, look_up(values, tables)).iloc[0]


def test_a_value_is_shown_in_every_scenario():
    assert shown(asked())["shows_en"] == "x 60 → 45"
    assert shown(asked(label_en="before {}, after {}"))["shows_en"] == "before 60, after 45"
    assert shown(asked(column="ride_min+wait_min"))["shows_en"] == "x 72 → 57"
    assert shown(asked())["scenarios"] == "old;new"
    assert shown(asked())["files"] == "times.csv"


@pytest.mark.parametrize(
    ("rule", "works"),
    [
        ("falls", "yes"),
        ("rises", "no"),
        ("same", "no"),
        ("reached", "no"),
        ("< 46", "yes"),
        ("< 45", "no"),
        ("> 44", "yes"),
    ],
)
def test_a_row_works_when_what_is_asked_of_it_holds(rule, works):
    assert shown(asked(works_when=rule))["works"] == works


def test_words_that_are_asked_to_be_a_number_are_an_error_with_its_row():
    tables = {(name, file): table.assign(ride_min="quick") for (name, file), table in TABLES.items()}
    with pytest.raises(InputError) as caught:
        look_up(asked(works_when="falls"), tables)
    assert caught.value.problems == [
        "system_values.csv row 2: works_when: 'falls' is about numbers, but ride_min of times.csv is 'quick'"
    ]
    assert shown(asked(), tables)["shows_en"] == "x quick → quick"


def test_nothing_asked_is_neither_working_nor_not():
    assert shown(asked())["works"] == ""


def test_a_pair_without_trains_has_no_way_and_can_be_reached():
    tables = TABLES | {("old", "times.csv"): TIMES.iloc[1:]}
    row = shown(asked(works_when="reached"), tables)
    assert row["shows_en"] == "x no way → 45"
    assert row["shows"] == "x 无通路 → 45"
    assert row["works"] == "yes"
    assert shown(asked(works_when="falls"), tables)["works"] == "no"


def test_one_value_that_is_not_as_it_should_be_makes_a_row_not_work():
    values = pd.concat([asked(works_when="falls"), asked(label="y", label_en="y", works_when="rises")])
    assert shown(values.reset_index(drop=True))["works"] == "no"


@pytest.mark.parametrize(
    ("column", "number", "text", "text_en"),
    [
        ("share_of_population", 0.456, "46%", "46%"),
        ("population", 25_461_049.0, "2,546.1万", "25.46 million"),
        ("population", 15_432.0, "1.5万", "15,432"),
        ("value_min", 99.5, "100", "100"),
        ("verdict", "impossible", "impossible", "impossible"),
        ("first_year", None, "均未达到", "in none"),
        ("value_min", None, "无通路", "no way"),
    ],
)
def test_values_are_written_for_readers(column, number, text, text_en):
    table = pd.DataFrame({"key": ["k"], column: [number]})
    values = asked(scenarios="old", where="key=k", column=column)
    row = shown(values, {("old", "times.csv"): table})
    assert (row["shows"], row["shows_en"]) == (f"x {text}", f"x {text_en}")


def test_a_file_that_is_not_made_yet_names_its_command_and_asks_nothing():
    row = shown(asked(scenarios=COMPARISON, file="bus_lines.csv", works_when="> 0"), {})
    assert row["shows_en"] == "x (run sim bus-lines)"
    assert row["works"] == ""
    assert row["scenarios"] == ""
    assert shown(asked(scenarios=COMPARISON, file="option_ranks.csv"), {})["shows"] == "x (先运行 sim options)"


def test_a_comparison_of_other_things_is_as_good_as_none():
    values = asked(scenarios=COMPARISON, file="options.csv", where="from_id=z;to_id=b", works_when="> 0")
    assert shown(values, {(COMPARISON, "options.csv"): TIMES})["shows_en"] == "x (run sim options)"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"where": "from_id=aa;to_id=b"},
            r"row 2: times.csv has no from_id 'aa' in any of the scenarios \(did you mean 'a'",
        ),
        ({"where": "from_id=a"}, "row 2: 2 rows of times.csv match 'from_id=a'"),
        ({"where": "from_i=a"}, r"row 2: times.csv has no column 'from_i' \(did you mean 'from_id'"),
        ({"column": "ride_mi"}, r"row 2: times.csv has no column 'ride_mi' \(did you mean 'ride_min'"),
    ],
)
def test_a_value_that_is_nowhere_is_an_error_with_its_row(wrong, message):
    with pytest.raises(InputError, match=message):
        look_up(asked(**wrong), TABLES)


ROWS = "number,words,represented_by,remark,remark_en\n1,提速,speed_up;end_to_end,,\n2,货运,,后续,a later issue\n"
VALUES = (
    "number,label,label_en,scenarios,file,where,column,works_when\n"
    "1,最快,fastest train,base;faster,station_times.csv,from_id=a;to_id=e,fastest_min,falls\n"
    "1,门到门,seat to seat,base;faster,targets.csv,target=end_to_end;reading=centre_to_centre,value_min,falls\n"
    "1,人口,people within 85 min,base,reach.csv,place=a;cutoff_min=90;mode=best,population,> 0\n"
)


@pytest.fixture
def study(tutorial_copy):
    (tutorial_copy / "systems.csv").write_text(ROWS, encoding="utf-8")
    (tutorial_copy / "system_values.csv").write_text(VALUES, encoding="utf-8")
    return tutorial_copy


def run_min(km, kmh):
    """From stop to stop at 0.5 m/s² both ways: L / v + v / a (networks/line5/README.md)."""
    return (km * 1000 / (kmh / 3.6) + kmh / 3.6 / 0.5) / 60


def test_the_command_fills_the_table_and_puts_it_into_a_page(study, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    command = ["systems", str(study), "--outputs", str(tmp_path), "--page", str(page)]
    assert main(command) == 0
    folder = tmp_path / "tutorial" / "comparison"
    rows = pd.read_csv(folder / "systems.csv", keep_default_na=False)
    # The express stops at c for 2 min: 50 and 90 km at 180 km/h, then at 200.
    slow, fast = (run_min(50, kmh) + 2 + run_min(90, kmh) for kmh in (180, 200))
    assert rows.loc[0, "shows_en"].startswith(f"fastest train {slow:.0f} → {fast:.0f}; seat to seat 84 → ")
    assert rows.loc[0, "shows_en"].endswith("people within 85 min 31,000")
    assert rows["words"].tolist() == ["提速", "货运"]
    values = pd.read_csv(folder / "system_values.csv")
    assert values.loc[0, "value"] == pytest.approx(slow, abs=0.02)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "| 1 | 提速 | `speed_up`, `end_to_end` | `base`, `faster` |" in text
    assert "| 2 | 货运 | - | - | - | a later issue |" in text
    assert main(command) == 0
    assert page.read_text(encoding="utf-8") == text
    assert "是 yes" in capsys.readouterr().out


def test_a_row_that_does_not_work_is_told_and_is_the_exit_status(study, tmp_path, capsys):
    path = study / "system_values.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("fastest_min,falls", "fastest_min,rises"), encoding="utf-8"
    )
    assert main(["systems", str(study), "--outputs", str(tmp_path)]) == 1
    assert "row 1: fastest train: should be 'rises'" in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "tutorial" / "comparison" / "systems.csv")
    assert "does not work yet" in write_markdown(rows.fillna(""))


def test_every_mistake_in_the_two_files_is_listed_at_once(study):
    (study / "systems.csv").write_text(ROWS + "2,港口,,,\n", encoding="utf-8")
    wrong = (
        "3,x,x,base,station_times.csv,from_id=a,fastest_min,\n"
        "1,x,x,base,station_times.csv,from_id=a,fastest_min,fals\n"
        "1,x {},x {} {},base;faster,station_times.csv,from_id,fastest_min,\n"
    )
    (study / "system_values.csv").write_text(VALUES + wrong, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_systems(study)
    assert caught.value.problems == [
        "systems.csv: number '2' stands twice",
        "system_values.csv row 5: number: no row '3' in systems.csv",
        "system_values.csv row 6: works_when: 'fals' is not falls, rises, same, reached, < N or > N (did you mean 'falls'?)",
        "system_values.csv row 7: label has 1 places {} for 2 scenarios",
        "system_values.csv row 7: where: 'from_id' is not column=value",
    ]
    (study / "systems.csv").write_text("number,word,represented_by,remark,remark_en\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"column 'words' is missing \(did you mean 'word'\?\)"):
        read_systems(study)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("base;faster", "base;fastr", "did you mean 'faster'"),
        ("station_times.csv", "station_time.csv", "did you mean 'station_times.csv'"),
        ("target=end_to_end", "target=end_to_en", "did you mean 'end_to_end'"),
        ("from_id=a;to_id=e", "from_id=a;to_id=ee", "did you mean 'e'"),
    ],
)
def test_unknown_names_are_told_with_what_was_meant_and_nothing_is_written(study, tmp_path, capsys, old, new, message):
    path = study / "system_values.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert main(["systems", str(study), "--outputs", str(tmp_path / "outputs")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "outputs").exists()


def test_unknown_cards_and_a_page_that_is_not_there_are_told(study, tmp_path, capsys):
    (study / "systems.csv").write_text(ROWS.replace("speed_up", "speedup"), encoding="utf-8")
    assert main(["systems", str(study), "--outputs", str(tmp_path), "--page", str(tmp_path / "no.md")]) == 2
    errors = capsys.readouterr().err
    assert "systems.csv row 2: represented_by: the study has no 'speedup' (did you mean 'speed_up'?)" in errors
    assert "--page: there is no file" in errors


def test_a_page_without_the_two_lines_is_told_before_anything_is_solved(study, tmp_path, capsys, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(f"{END}\n{BEGIN}\n", encoding="utf-8")
    monkeypatch.setattr("sim.commands.systems.fill_systems", None)
    assert main(["systems", str(study), "--outputs", str(tmp_path / "outputs"), "--page", str(page)]) == 2
    assert f"needs a line {BEGIN} and after it a line {END}" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "outputs").exists()


def test_a_page_without_the_two_lines_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"{END}\n{BEGIN}\n", encoding="utf-8")
    with pytest.raises(InputError, match="needs a line"):
        put_into_page(page, "table")
    assert page.read_text(encoding="utf-8") == f"{END}\n{BEGIN}\n"


@pytest.mark.real
def test_the_main_study_has_every_system_of_the_plan_and_shows_all_that_are_not_left_for_later(repository):
    folder = repository / "scenarios" / "circles"
    systems = read_systems(folder)
    assert list(systems.rows["number"]) == [str(k) for k in range(1, 29)]
    later = {str(k) for k in (13, 14, 15, 16, 18, 28)}  # freight and ports, and what is no system of travel time
    assert set(systems.rows["number"]) - set(systems.values["number"]) == later
    assert all(systems.rows.set_index("number").loc[sorted(later), "remark_en"])
    study = sim.read_study(folder)
    for name in {name for text in systems.values["scenarios"] for name in text.split(";")} - {COMPARISON}:
        study.network_of(name)
    assert check_names(systems.rows.assign(represented_by="tongsujiayon"), study.projects)[0].endswith(
        "(did you mean 'tongsujiayong'?)"
    )
