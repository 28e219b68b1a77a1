import pandas as pd
import pytest

from sim.network.schema import TABLE_NAMES, columns_of, convert_row, read_table


@pytest.fixture
def write_table(tmp_path):
    def write(name, text, encoding="utf-8"):
        path = tmp_path / f"{name}.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_every_declared_column_has_a_meaning_and_a_known_type(table):
    columns = columns_of(table)
    assert columns
    known = {"id", "text", "number", "integer", "date", "time", "choice", "ref", "refs"}
    for column in columns.values():
        assert column.kind in known, column
        assert column.description
        if column.kind in {"ref", "refs"}:
            assert column.argument in TABLE_NAMES
        if column.kind == "number":
            assert column.unit, f"{table}.{column.name} has no unit"


def test_figures_from_the_world_carry_source_and_confidence():
    for table in TABLE_NAMES:
        if table not in {"service_stops", "road_points", "calibration"}:
            assert {"source", "confidence"} <= set(columns_of(table)), table


def test_values_become_their_declared_types(write_table):
    path = write_table(
        "services",
        "service_id,lines,train_class,trains_per_day,first_departure,opening_date,source,confidence\n"
        "s,a; b,X,12.5,06:30,2020-02-29,test,low\n",
    )
    problems: list[str] = []
    row = read_table(path, "services", problems).iloc[0]
    assert problems == []
    assert row["lines"] == ("a", "b")
    assert row["trains_per_day"] == 12.5
    assert row["first_departure"] == 6 * 60 + 30
    assert row["opening_date"] == pd.Timestamp(2020, 2, 29)
    assert row["both_directions"] == "no"  # the declared default
    assert pd.isna(row["closing_date"])
    assert pd.isna(row["last_departure"])


def test_every_wrong_cell_is_named_with_row_value_and_what_is_allowed(write_table):
    path = write_table(
        "line_speeds",
        "line_id,until_date,speed_kmh,source,confidence\n"
        "a,2011-13-01,300,test,high\n"
        "b,2011-08-01,-5,test,sure\n"
        "c,,abc,,high\n",
    )
    problems: list[str] = []
    assert read_table(path, "line_speeds", problems).empty
    assert problems == [
        "line_speeds.csv row 2, until_date: '2011-13-01' is not a date written YYYY-MM-DD",
        "line_speeds.csv row 3, speed_kmh: -5 is outside 40 to 450 km/h",
        "line_speeds.csv row 3, confidence: 'sure' is not one of high, medium, low, guess",
        "line_speeds.csv row 4, until_date: is empty but must be given (first day on which the speed no longer held)",
        "line_speeds.csv row 4, speed_kmh: 'abc' is not a number",
        "line_speeds.csv row 4, source: is empty but must be given (where the row comes from)",
    ]


def test_a_comma_inside_an_unquoted_cell_is_noticed(write_table):
    path = write_table("line_speeds", "line_id,until_date,speed_kmh,source,confidence\na,2011-08-01,300,x, y,high\n")
    problems: list[str] = []
    read_table(path, "line_speeds", problems)
    assert problems == ["line_speeds.csv row 2: more cells than the header has; quote text that holds a comma"]


def test_a_byte_order_mark_from_excel_is_no_problem(write_table):
    path = write_table(
        "line_speeds", "line_id,until_date,speed_kmh,source,confidence\na,2011-08-01,300,x,high\n", "utf-8-sig"
    )
    problems: list[str] = []
    assert len(read_table(path, "line_speeds", problems)) == 1
    assert problems == []


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("06:05", 365), ("23:59", 1439), ("24:10", 1450)])
def test_times_are_minutes_after_midnight(text, minutes):
    problems: list[str] = []
    row = convert_row("services", {"first_departure": text}, problems)
    assert row["first_departure"] == minutes


@pytest.mark.parametrize("text", ["6.30", "25", "06:60", "6:3", "half past"])
def test_what_is_not_a_time_is_refused(text):
    problems: list[str] = []
    convert_row("services", {"first_departure": text}, problems)
    assert f"first_departure: '{text}' is not a time written HH:MM" in problems
