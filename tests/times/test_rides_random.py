"""Rides on random networks: a slow rewrite that tries every set of services, networkx, and what must never happen."""

from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ride_networks import service, solve, value

ALPHA = {"planned": 0.0, "half_headway": 0.5, "full_headway": 1.0}
DAY_MIN = 1020.0
STATIONS = "abcdef"
MINUTES = st.integers(1, 60).map(float)


@st.composite
def random_services(draw, most=6):
    services = []
    for number in range(draw(st.integers(1, most))):
        stops = draw(st.lists(st.sampled_from(STATIONS), min_size=2, max_size=4, unique=True))
        run_min = draw(st.lists(MINUTES, min_size=len(stops) - 1, max_size=len(stops) - 1))
        trains = draw(st.sampled_from([0.5, 1.0, 7.0, 17.0, 34.0, 100.0]))
        both = draw(st.sampled_from(["yes", "no"]))
        services.append(
            service(f"s{number}", stops, run_min, trains=trains, dwell_min=draw(st.integers(0, 9)), both=both)
        )
    return services


random_changes = st.lists(
    st.tuples(st.sampled_from(STATIONS), st.sampled_from(STATIONS), MINUTES, st.just("walk")),
    max_size=3,
    unique_by=lambda change: change[:2],
)
random_assumptions = st.fixed_dictionaries(
    {
        "wait_rule": st.sampled_from(list(ALPHA)),
        "wait_cap_min": st.sampled_from([0.0, 10.0, 30.0, 1e6]),
        "wait_beyond_cap_share": st.sampled_from([0.0, 0.25, 1.0]),
        "change_min": st.sampled_from([0.0, 8.0, 20.0]),
        "max_changes": st.integers(0, 3),
    }
)


def slow_options(services):
    """Every direct (minutes, trains) of each pair, call by call."""
    options = {}
    for one in services:
        ways = [(one["stops"], one["run_min"])]
        if one["both"] == "yes":
            ways.append((one["stops"][::-1], one["run_min"][::-1]))
        for stops, run_min in ways:
            for on, off in combinations(range(len(stops)), 2):
                minutes = sum(run_min[on:off]) + one["dwell_min"] * (off - on - 1)
                options.setdefault((stops[on], stops[off]), []).append((minutes, one["trains"]))
    return options


def counted_wait(wait_min, cap_min, share):
    return wait_min if wait_min <= cap_min else cap_min + share * (wait_min - cap_min)


def slow_wait_and_ride(options, alpha, cap_min, share):
    """The least wait + ride over every set of services that is not empty."""
    totals = []
    for size in range(1, len(options) + 1):
        for chosen in combinations(options, size):
            frequency = sum(trains for _, trains in chosen) / DAY_MIN
            ride_min = sum(minutes * trains for minutes, trains in chosen) / sum(trains for _, trains in chosen)
            totals.append(counted_wait(alpha / frequency, cap_min, share) + ride_min)
    return min(totals)


def slow_journeys(direct_min, changes, change_min, max_changes):
    """Least minutes of each pair: rides and changes tried one after the other from every start."""
    links = {(name, name): change_min for name in STATIONS}
    links |= {(b, a): minutes for a, b, minutes, _ in changes}
    links |= {(a, b): minutes for a, b, minutes, _ in changes}
    best = {}
    for start in STATIONS:
        waiting = [(start, 0.0, 0)]  # station of departure, minutes so far, rides so far
        seen = {}
        while waiting:
            at, so_far, rides = waiting.pop()
            for (a, b), minutes in direct_min.items():
                if a != at or b == start or so_far + minutes >= seen.get((b, rides), np.inf):
                    continue
                seen[b, rides] = so_far + minutes
                best[start, b] = min(best.get((start, b), np.inf), so_far + minutes)
                if rides < max_changes:
                    waiting += [(y, so_far + minutes + link, rides + 1) for (x, y), link in links.items() if x == b]
    return best


def pairs_of(matrix, rides):
    """Reachable pairs of a matrix by name."""
    names = rides.station_ids
    return {(names[i], names[j]): matrix[i, j] for i, j in np.argwhere(np.isfinite(matrix))}


@settings(max_examples=100, deadline=None)
@given(random_services(), random_changes, random_assumptions)
def test_times_equal_a_slow_rewrite_that_tries_every_set_and_every_journey(services, changes, assumptions):
    rides = solve(services, changes, station_ids=STATIONS, **assumptions)
    options = slow_options(services)
    alpha, cap_min = ALPHA[assumptions["wait_rule"]], assumptions["wait_cap_min"]
    share = assumptions["wait_beyond_cap_share"]
    direct = {pair: slow_wait_and_ride(ways, alpha, cap_min, share) for pair, ways in options.items()}
    limits = (changes, assumptions["change_min"], assumptions["max_changes"])
    assert pairs_of(rides.total_min, rides) == pytest.approx(slow_journeys(direct, *limits), abs=1e-6)
    fastest = {pair: min(minutes for minutes, _ in ways) for pair, ways in options.items()}
    assert pairs_of(rides.fastest_min, rides) == pytest.approx(slow_journeys(fastest, *limits), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(random_services(), random_changes, random_assumptions)
def test_networkx_finds_the_same_journeys_and_legs_add_up_to_them(services, changes, assumptions):
    rides = solve(services, changes, station_ids=STATIONS, **assumptions)
    for reading, matrix in (("typical", rides.total_min), ("fastest", rides.fastest_min)):
        for a in STATIONS:
            graph = rides.to_networkx(reading, from_id=a)
            lengths = nx.single_source_dijkstra_path_length(graph, ("departure", a, 0), weight="minutes")
            found = {(a, b): lengths["end", b] for b in STATIONS if a != b and ("end", b) in lengths}
            modelled = {pair: minutes for pair, minutes in pairs_of(matrix, rides).items() if pair[0] == a}
            assert modelled == pytest.approx(found, abs=1e-6)
        for (a, b), minutes in pairs_of(matrix, rides).items():
            legs = rides.legs(a, b, reading)
            assert sum(leg.minutes for leg in legs) == pytest.approx(minutes, abs=1e-9)
            assert (legs[0].from_id, legs[-1].to_id) == (a, b)
            assert all(leg.to_id == following.from_id for leg, following in pairwise(legs))


@settings(max_examples=60, deadline=None)
@given(random_services(), random_changes, random_assumptions)
def test_the_parts_of_a_journey_are_those_of_its_legs(services, changes, assumptions):
    rides = solve(services, changes, station_ids=STATIONS, **assumptions)
    for a, b in pairs_of(rides.total_min, rides):
        legs = rides.legs(a, b)
        rode = [leg for leg in legs if leg.kind == "ride"]
        first_wait = legs[0].minutes if legs[0].kind == "wait" else 0
        assert sum(leg.minutes for leg in rode) == pytest.approx(value(rides, "typical_min", a, b), abs=1e-9)
        assert first_wait == pytest.approx(value(rides, "wait_min", a, b), abs=1e-9)
        assert min(leg.trains_per_day for leg in rode) == pytest.approx(value(rides, "trains_per_day", a, b))
        assert len(rode) == value(rides, "changes", a, b) + 1


def never_longer(shorter, longer):
    return bool(np.all(shorter <= longer + 1e-6))


@settings(max_examples=100, deadline=None)
@given(random_services(), random_services(most=1), random_changes, random_assumptions)
def test_one_service_more_never_lengthens_a_time(services, further, changes, assumptions):
    before = solve(services, changes, station_ids=STATIONS, **assumptions)
    after = solve([*services, further[0] | {"name": "further"}], changes, station_ids=STATIONS, **assumptions)
    assert never_longer(after.total_min, before.total_min)
    assert never_longer(after.fastest_min, before.fastest_min)


@settings(max_examples=60, deadline=None)
@given(random_services(), random_changes, random_assumptions, st.floats(0.3, 1), st.floats(1, 5))
def test_a_faster_service_with_more_trains_never_lengthens_a_time(services, changes, assumptions, pace, more):
    before = solve(services, changes, station_ids=STATIONS, **assumptions)
    run_min = [minutes * pace for minutes in services[0]["run_min"]]
    faster = services[0] | {"run_min": run_min, "trains": services[0]["trains"] * more}
    after = solve([faster, *services[1:]], changes, station_ids=STATIONS, **assumptions)
    assert never_longer(after.total_min, before.total_min)
    assert never_longer(after.fastest_min, before.fastest_min)


@settings(max_examples=30, deadline=None)
@given(random_services(), random_changes, random_assumptions)
def test_one_change_more_never_lengthens_a_time(services, changes, assumptions):
    totals = [
        solve(services, changes, station_ids=STATIONS, **(assumptions | {"max_changes": most})).total_min
        for most in range(5)
    ]
    assert all(never_longer(after, before) for before, after in pairwise(totals))


@settings(max_examples=30, deadline=None)
@given(random_services(), random_changes, random_assumptions)
def test_waiting_half_the_headway_lies_between_a_planned_train_and_a_full_headway(services, changes, assumptions):
    planned, half, full = (
        solve(services, changes, station_ids=STATIONS, **(assumptions | {"wait_rule": rule})) for rule in ALPHA
    )
    assert never_longer(planned.total_min, half.total_min)
    assert never_longer(half.total_min, full.total_min)
    assert never_longer(planned.fastest_min, planned.total_min)
    assert never_longer(planned.total_min, planned.fastest_min)


@settings(max_examples=30, deadline=None)
@given(random_services(), random_changes, random_assumptions, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_time(services, changes, assumptions, order):
    rides = solve(services, changes, **assumptions)
    shuffled = order.sample(services, len(services))
    again = solve(shuffled, order.sample(changes, len(changes)), **assumptions)
    assert again.station_ids == rides.station_ids
    assert never_longer(again.total_min, rides.total_min)
    assert never_longer(rides.total_min, again.total_min)
