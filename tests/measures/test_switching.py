"""Where a lever just meets a limit: on functions with known crossings, and on the tutorial worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.cli import main
from sim.commands.switching import SWITCHING_COLUMNS, find_switching_values
from sim.errors import InputError
from sim.measures.levers import (
    Ride,
    count_stops,
    least_speed_kmh,
    least_trains,
    limit_stops,
    raise_frequency,
    raise_speed,
)
from sim.measures.switching import Lever, solve_switch
from sim.scenario.assumptions import plausible_range
from sim.times.access import Access
from sim.times.quicker_access import QuickerAccess

A_TO_E = Ride("a", "e", ("local", "express"), ("main",), 51.0)


@pytest.fixture(scope="module")
def tutorial(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


def with_limit(folder, limit_min):
    """Return the tutorial with another limit for its target from end to end."""
    page = folder / "study.toml"
    text = page.read_text(encoding="utf-8").replace("limit_min = 60", f"limit_min = {limit_min}")
    page.write_text(text, encoding="utf-8")
    return sim.read_study(folder)


def row_of(table, reading, lever):
    rows = table[(table["reading"] == reading) & (table["lever"] == lever)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_crossing_of_a_falling_line_is_found_to_the_step():
    # 100 min less half a minute for every km/h above 200, limit 90: met from 220 on.
    switch = solve_switch(Lever("speed", "km/h", 200, 400, 1), lambda kmh: 100 - 0.5 * (kmh - 200), 90, 100)
    assert (switch.value, switch.minutes, switch.minutes_before) == (220, 90, 90.5)
    assert switch.best_minutes == 0
    assert switch.is_met


def test_a_limit_that_the_bound_does_not_meet_is_met_by_nothing():
    switch = solve_switch(Lever("speed", "km/h", 200, 400, 1), lambda kmh: 300 - 0.5 * kmh, 90, 200)
    assert np.isnan(switch.value)
    assert not switch.is_met
    assert switch.best_minutes == 100
    assert switch.n_runs == 1  # the bound alone


def test_a_lever_at_its_bound_is_not_run():
    switch = solve_switch(Lever("stops", "stops", 0, 0, 1), lambda _: pytest.fail("nothing to try"), 90, 100)
    assert not switch.is_met
    assert switch.best_minutes == 100


def test_where_there_is_no_way_now_the_first_value_with_one_is_found():
    switch = solve_switch(Lever("stops", "stops", 5, 0, 1), lambda n: 80 if n <= 2 else np.inf, 90, np.inf)
    assert (switch.value, switch.minutes_before) == (2, np.inf)


def test_the_last_step_may_be_shorter():
    lever = Lever("trains", "trains/day", 44.5, 47, 1)
    assert [lever.at(k) for k in range(lever.n_steps + 1)] == [44.5, 45.5, 46.5, 47]


@given(st.integers(1, 500), st.floats(0.001, 10), st.integers(0, 600), st.booleans())
def test_the_value_found_meets_the_limit_and_the_one_before_does_not(steps, step, threshold, downward):
    sign = -1 if downward else 1
    lever = Lever("x", "min", 0.0, sign * steps * step, step)
    # Minutes drop from 100 to 50 when the lever has gone `threshold` steps (0: at the first).
    asked = []

    def minutes_at(value):
        asked.append(value)
        return 50.0 if abs(value) >= (threshold - 0.5) * step else 100.0

    switch = solve_switch(lever, minutes_at, 60, 100)
    if threshold > lever.n_steps:
        assert not switch.is_met
    else:
        assert switch.value == lever.at(max(threshold, 1))
        assert (switch.minutes, switch.minutes_before) == (50, 100)
    assert len(asked) <= 2 + np.log2(steps)


def mean_ride_min(kmh):
    """Typical ride from a to e: express with one stop 34 times a day, local with three 17 times; L / v + v / a per run."""
    speed_ms = kmh / 3.6
    express = (140_000 / speed_ms + 2 * speed_ms / 0.5) / 60 + 1 * 2
    local = (140_000 / speed_ms + 4 * speed_ms / 0.5) / 60 + 3 * 2
    return (34 * express + 17 * local) / 51


def test_speed_and_frequency_and_stops_of_the_tutorial_by_hand(tutorial):
    table = find_switching_values(tutorial, "base", readings=["station_service"])
    speed = row_of(table, "station_service", "line_speed")
    met = [kmh for kmh in range(180, 401) if 10 + mean_ride_min(kmh) <= 60]
    assert speed["value_now"] == 180
    assert speed["switching_value"] == min(met)
    assert speed["verified_value_min"] == pytest.approx(10 + mean_ride_min(min(met)), abs=0.02)
    assert speed["one_step_before_min"] > 60

    # Both services in the same proportion: 510 / n min of wait and the same ride. 510 / n <= 60 - ride.
    frequency = row_of(table, "station_service", "frequency")
    needed = 510 / (60 - mean_ride_min(180))
    assert frequency["value_now"] == pytest.approx(51)
    assert frequency["switching_value"] == pytest.approx(np.ceil(needed))
    assert frequency["verified_value_min"] == pytest.approx(510 / np.ceil(needed) + mean_ride_min(180), abs=0.02)

    # At most one stop: c stays, with 51 trains a day against 17; all trains are express then, 52 + 10 min. None: 48.333 + 10.
    stops = row_of(table, "station_service", "stops")
    assert (stops["value_now"], stops["switching_value"]) == (3, 0)
    assert stops["verified_value_min"] == pytest.approx((2800 + 100) / 60 + 10, abs=0.02)
    assert stops["one_step_before_min"] == pytest.approx(52 + 10, abs=0.02)

    for lever in ("station_time", "access_time"):
        row = row_of(table, "station_service", lever)
        assert not row["met_by_this_alone"]
        assert row["note"].startswith("has no effect on this reading")
        assert row["best_value_min"] == row["value_min"]


def test_station_time_of_the_tutorial_by_hand(tutorial_copy):
    # From seat to seat 15 + 10 + 54.444 + 5 = 84.444 min; for 80 the station may take 15 - 4.444 = 10.556, in steps 10.5.
    study = with_limit(tutorial_copy, 80)
    table = find_switching_values(study, "base", target_ids=["end_to_end"], readings=["centre_to_centre"])
    row = row_of(table, "centre_to_centre", "station_time")
    assert row["switching_value"] == pytest.approx(10.5)
    assert row["verified_value_min"] == pytest.approx(84.444 - 4.5, abs=0.02)
    assert row["one_step_before_min"] == pytest.approx(84.444 - 4.4, abs=0.02)
    # The same by a run of the scenario with that assumption.
    variant = study.variant("base", assumptions={"station_time_min": 10.5})
    verdicts, _ = study.model(variant).judge(readings=["centre_to_centre"])
    assert verdicts["value_min"].iloc[0] == row["verified_value_min"]
    assert verdicts["met"].iloc[0]


def test_station_time_is_moved_down_to_its_least_plausible_value_and_no_further(tutorial_copy):
    # 84.444 min; 75 would need 5.5 min at the station, and nobody catches a train in that.
    least_min, _ = plausible_range("station_time_min")
    study = with_limit(tutorial_copy, 75)
    row = row_of(
        find_switching_values(study, "base", readings=["centre_to_centre"]), "centre_to_centre", "station_time"
    )
    assert row["bound"] == least_min
    assert row["note"] == "not by this alone"
    assert row["best_value_min"] == pytest.approx(84.444 - (15 - least_min), abs=0.02)
    # Who assumes less already has nothing to gain.
    quick = study.variant("base", assumptions={"station_time_min": least_min - 1})
    row = row_of(find_switching_values(study, quick, readings=["centre_to_centre"]), "centre_to_centre", "station_time")
    assert (row["value_now"], row["bound"]) == (least_min - 1, least_min - 1)
    assert row["note"] == "already at its bound"


def test_a_switching_speed_is_that_of_a_project_which_sets_it(tutorial, tutorial_copy):
    row = row_of(find_switching_values(tutorial, "base", readings=["station_service"]), "station_service", "line_speed")
    kmh = row["switching_value"]
    classes = tutorial_copy.parents[1] / "networks" / "line5" / "train_classes.csv"
    classes.write_text(
        classes.read_text(encoding="utf-8").replace(",0.5,0.5,200,", f",0.5,0.5,{kmh:g},"), encoding="utf-8"
    )
    lines = tutorial_copy.parents[1] / "networks" / "line5" / "lines.csv"
    lines.write_text(lines.read_text(encoding="utf-8").replace(",hsr,200,", f",hsr,{kmh:g},"), encoding="utf-8")
    card = tutorial_copy / "projects" / "speed_up.toml"
    card.write_text(card.read_text(encoding="utf-8").replace("now = 200", f"now = {kmh:g}"), encoding="utf-8")
    verdicts, _ = sim.read_study(tutorial_copy).model("faster").judge(readings=["station_service"])
    assert verdicts["value_min"].iloc[0] == pytest.approx(row["verified_value_min"], abs=1e-9)


def test_a_target_about_counties_has_the_switching_values_of_the_same_target_about_cities(tutorial_copy):
    page = tutorial_copy / "study.toml"
    tables = {
        "cities": 'from = "a"\nto = ["d", "e"]',
        "counties": 'from = "a"\nto = ["900004", "900005"]\nto_kind = "counties"',
        "own": 'from_set = "all"\nto_kind = "own_counties"',
    }
    text = page.read_text(encoding="utf-8")
    for name, ends in tables.items():
        text += f'\n[targets.{name}]\nname = "x"\nname_en = "x"\nlimit_min = 50\nsource = "invented"\n{ends}\n'
    page.write_text(text, encoding="utf-8")
    study = sim.read_study(tutorial_copy)
    readings = ["station_service", "centre_to_centre"]
    table = find_switching_values(study, "base", target_ids=list(tables), readings=readings)
    assert "own" not in set(table["target"])  # every town is its own county: no journey
    cities, counties = (
        table[table["target"] == name].drop(columns="target").reset_index(drop=True) for name in ("cities", "counties")
    )
    assert len(cities) == 2 * 5
    pd.testing.assert_frame_equal(cities, counties)


def test_a_target_that_is_met_has_no_rows(tutorial):
    table = find_switching_values(tutorial, "base", readings=["station_fastest"])
    assert table.empty
    assert list(table.columns) == list(SWITCHING_COLUMNS)


def test_unknown_names_are_errors_with_what_was_meant(tutorial):
    with pytest.raises(InputError, match=r"did you mean 'end_to_end'"):
        find_switching_values(tutorial, "base", target_ids=["end_to_ent"])
    with pytest.raises(InputError, match=r"did you mean 'base'"):
        find_switching_values(tutorial, "bas")


def test_the_command_writes_its_table(repository, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    command = ["switching", "tutorial", "base", "--reading", "centre_to_centre", "--outputs", str(tmp_path)]
    assert main(command) == 0
    table = pd.read_csv(tmp_path / "tutorial" / "comparison" / "switching_values.csv")
    assert list(table.columns) == list(SWITCHING_COLUMNS)
    assert set(table["lever"]) == {"line_speed", "stops", "frequency", "station_time", "access_time"}
    assert "not by this alone" in capsys.readouterr().out
    assert main([*command, "--target", "end"]) == 2


def test_a_rule_of_access_has_no_levers(tutorial_copy, tmp_path, capsys):
    page = tutorial_copy / "study.toml"
    rule = (
        '\n[coverage.near]\nname = "x"\nname_en = "x"\nof = "city_seats"\nin = "all"\nto = "rail_station"\n'
        'within_min = 30\nsource = "invented"\n'
    )
    page.write_text(page.read_text(encoding="utf-8") + rule, encoding="utf-8")
    assert main(["switching", str(tutorial_copy), "base", "--target", "near", "--outputs", str(tmp_path)]) == 2
    assert "'near' is a rule of access by road" in capsys.readouterr().err


def test_levers_leave_the_network_as_it_was_and_move_only_what_they_name(line5):
    network = line5.as_of("2026-12-31")
    before = {name: frame.copy() for name, frame in network.tables.items()}
    faster = raise_speed(network, [A_TO_E], 250)
    assert least_speed_kmh(network, [A_TO_E]) == 180
    assert least_speed_kmh(faster, [A_TO_E]) == 250
    assert set(faster.services["train_class"]) == {"SIMPLE@250"}
    assert faster.lines["design_speed_kmh"].tolist() == [250]
    assert raise_speed(network, [A_TO_E], 100).lines["speed_kmh"].tolist() == [180]  # never slower
    express = Ride("a", "e", ("express",), ("main",), 34.0)
    more = raise_frequency(network, [express], 68).services.set_index("service_id")["trains_per_day"]
    assert more.to_dict() == {"local": 17, "express": 68}
    assert least_trains([A_TO_E, express]) == 34
    for name, frame in network.tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_trains_stop_at_most_so_often_and_keep_where_rides_begin_and_end(line5):
    network = line5.as_of("2026-12-31")
    assert count_stops(network, [A_TO_E]) == 3
    calls = limit_stops(network, [A_TO_E], 1).service_stops.groupby("service_id")["station_id"].apply(list)
    assert calls.to_dict() == {"local": ["a", "c", "e"], "express": ["a", "c", "e"]}
    # A ride to b keeps b for the local train, though c has more trains.
    to_b = Ride("a", "b", ("local",), ("main",), 17.0)
    calls = limit_stops(network, [A_TO_E, to_b], 1).service_stops.groupby("service_id")["station_id"].apply(list)
    assert "b" in calls["local"]
    # Between a and c only b is left out; d lies beyond the ride.
    to_c = Ride("a", "c", ("local",), ("main",), 17.0)
    calls = limit_stops(network, [to_c], 0).service_stops.groupby("service_id")["station_id"].apply(list)
    assert calls["local"] == ["a", "c", "d", "e"]


@pytest.fixture(scope="module")
def travel(tutorial):
    return tutorial.model("base").travel


def with_access(travel, access):
    return replace(travel, access=access)


def people_of(tutorial, travel):
    """Return origins, two cities and one person in every cell of theirs, far from stations too, for `pair_minutes`."""
    membership = np.full(tutorial.region.grid.shape, -1, dtype=np.int64)
    for k, city in enumerate(["d", "e"]):
        membership[tutorial.region.cells_of(city)] = k
    nodes = travel.graph.land_nodes[::97][:6]
    return nodes, ["d", "e"], membership, np.ones(membership.shape)


def test_access_with_a_share_of_one_is_access_as_it_is(tutorial, travel):
    same = with_access(travel, QuickerAccess(travel.ends.ways, travel.ends.limit_min, 1.0))
    arguments = people_of(tutorial, travel)
    np.testing.assert_allclose(same.pair_minutes(*arguments).pairs, travel.pair_minutes(*arguments).pairs)


def test_short_ways_to_stations_take_their_share_and_long_ones_stay(travel):
    usual = Access(travel.ends.ways, travel.ends.limit_min)
    quick = QuickerAccess(travel.ends.ways, travel.ends.limit_min, 0.5, 60.0)
    nodes, stations = travel.graph.land_nodes[::97][:6], travel.stations.nodes
    before, after = (access.from_tables(nodes, stations).minutes for access in (usual, quick))
    assert (before <= 60).any()
    assert (before > 60).any()
    np.testing.assert_allclose(after, np.where(before <= 60, before / 2, before))


def test_pairs_of_people_with_quicker_access_are_those_of_a_slow_rewrite(tutorial, travel):
    share, within = 0.5, 60.0
    nodes, cities, membership, people = people_of(tutorial, travel)
    quick = with_access(travel, QuickerAccess(travel.ends.ways, travel.ends.limit_min, share, within))
    found = quick.pair_minutes(nodes, cities, membership, people).pairs
    cells = travel.graph.land_nodes
    stations = travel.stations.nodes

    def shortened(minutes):
        return np.where(minutes <= within, minutes * share, minutes)

    expected = np.zeros_like(found)
    egress = shortened(np.array([travel.roads.surface_from(station)[cells] for station in stations]))
    for node in nodes:
        road = travel.roads.surface_from(node)
        access = shortened(road[stations].astype(float))
        arrival = (access[:, None] + travel.rail_min).min(axis=0)
        best = np.minimum(road[cells], (arrival[:, None] + egress).min(axis=0))
        for cell, minutes in zip(cells, best, strict=True):
            row, column = cell // travel.graph.stride - 1, cell % travel.graph.stride - 1
            city = membership[row, column]
            if city >= 0:
                place = -1 if not minutes <= travel.limit_min else min(int(minutes / 0.25), found.shape[1] - 2)
                expected[city, place] += people[row, column] / len(nodes)
    np.testing.assert_allclose(found.sum(axis=1), expected.sum(axis=1))
    np.testing.assert_allclose(found[:, -1], expected[:, -1])
    # A minute on the edge of a bin may fall to either side of it: the means agree to less than a bin of 0.25 min.
    bins = np.arange(found.shape[1] - 1) * 0.25
    means = [(pairs[:, :-1] @ bins) / pairs[:, :-1].sum(axis=1) for pairs in (found, expected)]
    np.testing.assert_allclose(means[0], means[1], atol=0.25)
    usual = travel.pair_minutes(nodes, cities, membership, people).pairs
    assert ((usual[:, :-1] @ bins) / usual[:, :-1].sum(axis=1) > means[1] + 1).any()  # it makes a difference
