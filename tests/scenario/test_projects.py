import itertools

import pandas as pd
import pytest

from sim.errors import InputError, ScenarioError
from sim.network.schema import TABLE_NAMES
from sim.scenario.apply import apply_projects
from sim.scenario.project import read_project

SPEED_UP = '[[change]]\ntype = "set_line"\nline = "main"\nspeed_kmh = { was = 180, now = 200 }\n'
DIRECT = (
    '[[change]]\ntype = "add_service"\nservice = "direct"\nlines = ["main"]\ntrain_class = "SIMPLE"\n'
    'trains_per_day = 17\nboth_directions = "yes"\nstops = ["a", "e"]\n'
)
BRANCH = (
    '[[change]]\ntype = "add_station"\nstation = "f"\nname = "己站"\nname_en = "F"\ncity_id = "e"\n'
    "lon = 120.9\nlat = 31.0\n"
    '[[change]]\ntype = "add_line"\nline = "branch"\nname = "支线"\nname_en = "branch"\nkind = "hsr"\n'
    'design_speed_kmh = 200\nspeed_kmh = 200\nreference_class = "200"\nsupplement_percent = 0\n'
    'stops = [{ station = "e", km = 0 }, { station = "f", km = 40 }]\n'
)
NO_EXPRESS = '[[change]]\ntype = "close_service"\nservice = "express"\n'


def assert_same_tables(a, b):
    for name in TABLE_NAMES:
        pd.testing.assert_frame_equal(a.tables[name], b.tables[name], check_exact=True)


def test_no_projects_leave_the_network_as_of_the_year(line5):
    assert_same_tables(apply_projects(line5, [], year=2026), line5.as_of("2026-12-31"))


def test_the_base_is_not_altered_by_projects(line5, write_card):
    before = {name: frame.copy() for name, frame in line5.tables.items()}
    projects = [
        read_project(write_card("one", SPEED_UP + BRANCH)),
        read_project(write_card("two", DIRECT + NO_EXPRESS)),
    ]
    changed = apply_projects(line5, projects, year=2026)
    assert len(changed.lines) == 2
    assert set(changed.services["service_id"]) == {"local", "direct"}
    for name, frame in before.items():
        pd.testing.assert_frame_equal(line5.tables[name], frame, check_exact=True)


def test_the_order_of_projects_does_not_matter(line5, write_card):
    texts = {"one": SPEED_UP, "two": DIRECT, "three": BRANCH, "four": NO_EXPRESS}
    projects = [read_project(write_card(name, text)) for name, text in texts.items()]
    first = apply_projects(line5, projects, year=2026)
    orders = list(itertools.permutations(projects))
    assert len(orders) == 24
    for order in orders:
        assert_same_tables(first, apply_projects(line5, order, year=2026))


def test_a_service_opened_later_is_not_there_before(line5):
    assert set(line5.as_of("2014-12-31").services["service_id"]) == {"local"}
    assert set(line5.as_of("2015-01-01").services["service_id"]) == {"local", "express"}
    assert line5.as_of("2009-12-31").lines.empty


def test_a_stale_was_is_refused_and_says_what_is_there(line5, write_card):
    project = read_project(write_card("late", SPEED_UP.replace("180", "160")))
    with pytest.raises(ScenarioError, match=r"speed_kmh was expected to be 160.* but is 180.*stale"):
        apply_projects(line5, [project], year=2026)


def test_two_projects_that_set_one_value_differently_are_both_named(line5, write_card):
    projects = [
        read_project(write_card("one", SPEED_UP)),
        read_project(write_card("two", SPEED_UP.replace("200", "190"))),
    ]
    with pytest.raises(ScenarioError, match=r"'one' and 'two' set speed_kmh of lines 'main' differently"):
        apply_projects(line5, projects, year=2026)


def test_a_change_that_changes_nothing_is_an_error(write_card):
    with pytest.raises(InputError, match="changes nothing"):
        read_project(write_card("idle", SPEED_UP.replace("200", "180")))


def test_closing_what_is_not_there_says_what_was_meant(line5, write_card):
    project = read_project(write_card("gone", NO_EXPRESS.replace("express", "expres")))
    with pytest.raises(ScenarioError, match=r"no such row in this year \(did you mean 'express'\?\)"):
        apply_projects(line5, [project], year=2026)


def test_closing_a_line_takes_its_services_with_it(line5, write_card):
    project = read_project(write_card("gone", '[[change]]\ntype = "close_line"\nline = "main"\n'))
    closed = apply_projects(line5, [project], year=2026)
    assert closed.services.empty
    assert closed.service_stops.empty
    assert closed.line_stops.empty


def test_a_project_that_requires_another_is_refused_alone(line5, write_card):
    needy = read_project(write_card("needy", SPEED_UP, head='requires = ["other"]'))
    with pytest.raises(ScenarioError, match="'needy' requires 'other', which is off"):
        apply_projects(line5, [needy], year=2026)


def test_conflicting_projects_cannot_both_be_on(line5, write_card):
    one = read_project(write_card("one", SPEED_UP, head='conflicts = ["two"]'))
    two = read_project(write_card("two", DIRECT))
    with pytest.raises(ScenarioError, match="'one' conflicts with 'two'"):
        apply_projects(line5, [one, two], year=2026)


def test_one_project_closes_what_another_sets_is_a_contradiction(line5, write_card):
    setter = '[[change]]\ntype = "set_service"\nservice = "express"\ntrains_per_day = { was = 34, now = 40 }\n'
    projects = [read_project(write_card("one", setter)), read_project(write_card("two", NO_EXPRESS))]
    with pytest.raises(ScenarioError, match="'one' and 'two' contradict"):
        apply_projects(line5, projects, year=2026)


def test_two_projects_may_share_a_station_they_describe_alike(line5, write_card):
    station = BRANCH.split("[[change]]")[1]
    one = read_project(write_card("one", BRANCH))
    two = read_project(write_card("two", f"[[change]]{station}"))
    both = apply_projects(line5, [one, two], year=2026)
    assert (both.stations["station_id"] == "f").sum() == 1
    moved = read_project(write_card("two", f"[[change]]{station.replace('120.9', '120.8')}"))
    with pytest.raises(ScenarioError, match="'one' and 'two' both add stations 'f', with different values"):
        apply_projects(line5, [one, moved], year=2026)


def test_two_projects_that_add_one_service_with_other_stops_are_both_named(line5, write_card):
    projects = [
        read_project(write_card("one", DIRECT)),
        read_project(write_card("two", DIRECT.replace('["a", "e"]', '["a", "d"]'))),
    ]
    with pytest.raises(ScenarioError, match="'one' and 'two' both add services 'direct', with different values"):
        apply_projects(line5, projects, year=2026)


def test_every_fault_of_a_card_is_listed_at_once(write_card):
    text = (
        '[[change]]\ntype = "set_lin"\nline = "main"\n'
        '[[change]]\ntype = "set_line"\nline = "main"\nsped_kmh = { was = 1, now = 2 }\n'
        '[[change]]\ntype = "add_service"\nservice = "x"\nlines = ["main"]\ntrain_class = "SIMPLE"\n'
        'trains_per_day = -3\nstops = ["a"]\n'
    )
    with pytest.raises(InputError) as caught:
        read_project(write_card("bad", text))
    said = "\n".join(caught.value.problems)
    assert "'set_lin' is not a kind of change (did you mean 'set_line'?)" in said
    assert "unknown key 'sped_kmh' (did you mean 'speed_kmh'?)" in said
    assert "trains_per_day: -3 is outside" in said
    assert "'stops' must be a list of at least two" in said
