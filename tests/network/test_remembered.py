"""What is remembered of tables: asked once for each table and argument, never for another table that looks the same."""

import pandas as pd

from sim.network.ordered_rows import order_rows, stations_in_order
from sim.network.remembered import remember

STOPS = pd.DataFrame(
    {"line_id": ["n", "m", "n", "m", "n"], "sequence": [3, 2, 1, 1, 2], "station_id": ["c", "y", "a", "x", "b"]}
)


def count_calls(maxsize):
    asked = []

    @remember(maxsize)
    def rows(table, factor):
        asked.append(factor)
        return factor * len(table)

    return rows, asked


def test_a_question_about_the_same_table_is_answered_from_memory():
    rows, asked = count_calls(4)
    assert [rows(STOPS, 2), rows(STOPS, 3), rows(STOPS, 2)] == [10, 15, 10]
    assert asked == [2, 3]


def test_an_equal_table_is_another_one():
    rows, asked = count_calls(4)
    assert rows(STOPS, 2) == rows(STOPS.copy(), 2) == 10
    assert asked == [2, 2]


def test_no_more_answers_are_kept_than_asked_for():
    rows, asked = count_calls(2)
    for factor in (1, 2, 3, 1):  # the third drives out the first
        rows(STOPS, factor)
    assert asked == [1, 2, 3, 1]


def test_rows_are_ordered_by_name_and_sequence():
    ordered = order_rows(STOPS, "line_id")
    assert ordered.names.tolist() == ["m", "n"]
    assert ordered.first.tolist() == [0, 2, 5]
    assert ordered.row.tolist() == [3, 1, 2, 4, 0]
    assert ordered.number.tolist() == [0, 0, 1, 1, 1]
    assert ordered.goes_on.tolist() == [True, False, True, True]
    assert stations_in_order(STOPS, "line_id") == {"m": ("x", "y"), "n": ("a", "b", "c")}


def test_a_table_without_rows_has_no_names():
    empty = STOPS[:0]
    assert order_rows(empty, "line_id").first.tolist() == [0]
    assert stations_in_order(empty, "line_id") == {}
