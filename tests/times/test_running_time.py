"""Running times of services: the way, the limits on it, the supplements, and what is said of bad input."""

from math import inf

import pandas as pd
import pytest
from small_networks import rail_network

from sim.errors import InputError, NoRouteError
from sim.network.network import Network
from sim.times.line_paths import LinePaths, LineSection, Throat, limit_sections, line_sections
from sim.times.running_time import hop_times, line_supplements, reference_supplements
from sim.times.speed_profile import Section, TrainClass, technical_minutes

# The train of small_networks: 0.5 m/s² both ways, no resistance, at most 180 km/h = 50 m/s: 100 s and 2.5 km to start.
THREE_STOPS = {"line": [("a", 0.0), ("b", 10.0), ("c", 30.0)]}


def start_and_stop_min(km: float) -> float:
    """Minutes over `km` (at least 5) at 50 m/s with a start and a stop, without throats."""
    return (200.0 + (km * 1000.0 - 5000.0) / 50.0) / 60.0


def network(**changes: object) -> Network:
    lines = changes.pop("lines", THREE_STOPS)
    services = changes.pop("services", {"all": (["line"], ["a", "b", "c"]), "fast": (["line"], ["a", "c"])})
    return rail_network(lines, services, **changes)  # type: ignore[arg-type]


def run_of(hops: pd.DataFrame, service: str, from_id: str) -> "pd.Series[float]":
    return hops[(hops["service_id"] == service) & (hops["from_id"] == from_id)].iloc[0]


def test_every_hop_of_every_service_has_its_time() -> None:
    hops = hop_times(network(), stop_throat_kmh=inf)
    assert list(hops["service_id"] + ":" + hops["from_id"] + "-" + hops["to_id"]) == ["all:a-b", "all:b-c", "fast:a-c"]
    assert list(hops["sequence"]) == [1, 2, 1]
    assert list(hops["km"]) == pytest.approx([10.0, 20.0, 30.0])
    assert list(hops["lines"]) == ["line"] * 3
    # The supplement of small_networks' lines is 10 %.
    for km, technical, running in zip(hops["km"], hops["technical_min"], hops["run_min"], strict=True):
        assert technical == pytest.approx(start_and_stop_min(km), abs=0.002)
        assert running == pytest.approx(1.1 * start_and_stop_min(km), abs=0.002)


def test_a_stop_costs_a_stop_and_a_start() -> None:
    # A stop and a start: 200 s over 5 km that would take 100 s at speed, so 100 s; with 10 % supplement 110 s.
    hops = hop_times(network(), stop_throat_kmh=inf)
    stopping = hops.loc[hops["service_id"] == "all", "run_min"].sum()
    assert stopping - run_of(hops, "fast", "a")["run_min"] == pytest.approx(110.0 / 60.0, abs=0.002)


def test_the_throat_of_a_stop_is_run_slowly() -> None:
    # 90 km/h = 25 m/s within 1.5 km: 50 s and 625 m to 25 m/s, 875 m at it (35 s), then 50 s and 1875 m to 50 m/s.
    # Both ends: 270 s and 6750 m; the other 3250 m at 50 m/s take 65 s.
    hops = hop_times(network(), stop_throat_kmh=90.0)
    assert run_of(hops, "all", "a")["technical_min"] == pytest.approx((270.0 + 65.0) / 60.0, abs=0.002)


def test_a_slow_passage_slows_only_the_trains_that_pass_or_stop_there() -> None:
    slow = network(stations={"b": {"throat_km": 2.0, "throat_speed_kmh": 90.0}})
    plain, slowed = hop_times(network(), stop_throat_kmh=inf), hop_times(slow, stop_throat_kmh=inf)
    # Through b: from 50 to 25 m/s over 1875 m (50 s), 4 km at 25 m/s (160 s), and back: 260 s for 7750 m, not 155 s.
    passing = run_of(slowed, "fast", "a")["technical_min"] - run_of(plain, "fast", "a")["technical_min"]
    assert passing == pytest.approx((260.0 - 155.0) / 60.0, abs=0.002)
    # Into b: 1875 m braking (50 s), 1375 m at 25 m/s (55 s), 625 m braking (50 s); else 2500 m (100 s) and 1375 (27.5).
    stopping = run_of(slowed, "all", "a")["technical_min"] - run_of(plain, "all", "a")["technical_min"]
    assert stopping == pytest.approx((155.0 - 127.5) / 60.0, abs=0.002)


def test_the_last_kilometre_and_a_half_of_a_long_slow_approach_are_run_at_the_speed_of_the_turnouts() -> None:
    path = (LineSection("line", "a", "b", 20.0, 300.0),)
    throats = {"a": Throat(1.5, None), "b": Throat(6.0, 160.0)}
    assert limit_sections(path, throats, stop_throat_kmh=80.0) == (
        ("line",) * 4,
        (Section(1.5, 80.0), Section(12.5, 300.0), Section(4.5, 160.0), Section(1.5, 80.0)),
    )


def test_a_throat_longer_than_its_section_reaches_into_the_next() -> None:
    path = (LineSection("one", "a", "b", 10.0, 300.0), LineSection("two", "b", "c", 2.0, 200.0))
    throats = {"a": Throat(0.0, None), "b": Throat(1.5, None), "c": Throat(3.0, None)}
    assert limit_sections(path, throats, stop_throat_kmh=80.0) == (
        ("one", "one", "two"),
        (Section(9.0, 300.0), Section(1.0, 80.0), Section(2.0, 80.0)),
    )


def test_the_lower_of_line_and_section_speed_is_the_limit() -> None:
    lines = {"line": [("a", 0.0), ("b", 10.0, {"speed_kmh": 90.0}), ("c", 30.0, {"speed_kmh": 400.0})]}
    net = network(lines=lines)
    limits = {(s.from_id, s.to_id): s.limit_kmh for s in line_sections(net.lines, net.line_stops, None)}
    assert limits == {("a", "b"): 90.0, ("b", "c"): 180.0}


def test_a_section_that_opens_later_is_not_run_over() -> None:
    lines = {"line": [("a", 0.0), ("b", 10.0), ("c", 30.0, {"opening_date": "2015-01-01"})]}
    net = network(lines=lines)
    assert len(hop_times(net.as_of("2015-01-01"))) == 3
    with pytest.raises(InputError) as caught:
        hop_times(net.as_of("2014-12-31"))
    assert caught.value.problems == [
        "services.csv 'all', call 2: no open way from 'b' to 'c' over the lines line",
        "services.csv 'fast', call 1: no open way from 'a' to 'c' over the lines line",
    ]


def test_the_fastest_way_over_the_listed_lines_is_taken_in_both_directions() -> None:
    sections = [
        LineSection("main", "a", "b", 10.0, 300.0),
        LineSection("main", "b", "d", 10.0, 300.0),
        LineSection("detour", "a", "c", 8.0, 200.0),
        LineSection("detour", "c", "d", 13.0, 200.0),
        LineSection("unlisted", "a", "d", 1.0, 300.0),
    ]
    paths = LinePaths(sections)
    assert [s.to_id for s in paths.path(("detour", "main"), "a", "d")] == ["b", "d"]
    assert [(s.from_id, s.to_id, s.km) for s in paths.path(("detour", "main"), "d", "a")] == [
        ("d", "b", 10.0),
        ("b", "a", 10.0),
    ]
    assert [s.line_id for s in paths.path(("detour",), "d", "a")] == ["detour", "detour"]
    with pytest.raises(NoRouteError, match="no open way from 'b' to 'c' over the lines detour"):
        paths.path(("detour",), "b", "c")


def test_a_longer_way_on_a_faster_line_comes_before_a_shorter_one_on_a_slow_line() -> None:
    # old: 100 km at 200 km/h, 30 min; new: 110 km at 350 km/h, 18.9 min; the old line again at 400 km/h: 15 min
    new = [LineSection("new", "a", "b", 60.0, 350.0), LineSection("new", "b", "c", 50.0, 350.0)]
    slow, fast = (LineSection("old", "a", "c", 100.0, limit) for limit in (200.0, 400.0))
    assert [s.line_id for s in LinePaths([slow, *new]).path(("old", "new"), "a", "c")] == ["new", "new"]
    assert [s.line_id for s in LinePaths([fast, *new]).path(("new", "old"), "c", "a")] == ["old"]


def test_each_line_of_a_hop_adds_its_own_supplement() -> None:
    lines = {"one": [("a", 0.0), ("b", 15.0)], "two": [("b", 0.0), ("c", 15.0)]}
    net = rail_network(lines, {"through": (["one", "two"], ["a", "c"])}, supplements={"one": 10.0, "two": 40.0})
    hop = hop_times(net, stop_throat_kmh=inf).iloc[0]
    # The run is the same on both halves: half the technical time is lengthened by 10 %, half by 40 %.
    assert hop["technical_min"] == pytest.approx(start_and_stop_min(30.0), abs=0.002)
    assert hop["run_min"] == pytest.approx(1.25 * hop["technical_min"], rel=1e-6)
    assert hop["lines"] == "one;two"


def test_an_unknown_train_class_is_named_with_the_service() -> None:
    net = network()
    net = net.with_tables(services=net.services.assign(train_class=["rocket", net.services["train_class"].iloc[1]]))
    with pytest.raises(InputError) as caught:
        hop_times(net)
    assert (
        caught.value.problems[0]
        == "services.csv 'all', call 1: no train class 'rocket' in train_classes.csv; known: even"
    )


def test_a_train_class_is_read_from_its_row() -> None:
    net = network()
    train = TrainClass.from_table(net.train_classes, "even")
    assert technical_minutes(train, [Section(10.0, 400.0)]) == pytest.approx(5.0, abs=0.002)
    with pytest.raises(InputError, match="no train class 'CRH380A'"):
        TrainClass.from_table(net.train_classes, "CRH380A")


def calibration(*rows: tuple[str, int, float, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["line_id", "year", "supplement_percent", "n_sections"])
    return frame.assign(technical_min=10.0, scheduled_min=11.0, residual_min=0.0, source="test")


LINES = {name: [("a", 0.0), ("b", 10.0)] for name in ("own", "fitted", "later", "planned", "slow")}


def with_calibration(date: str, **classes: str) -> Network:
    net = rail_network(
        LINES, {}, supplements={"own": 25.0, "fitted": None, "later": None, "planned": None, "slow": None}
    )
    table = calibration(
        ("own", 2016, 5.0, 9), ("fitted", 2016, 6.0, 9), ("fitted", 2023, 8.0, 9), ("later", 2023, 12.0, 9)
    )
    classed = net.lines.assign(reference_class=[classes.get(line, "350") for line in net.lines["line_id"]])
    return net.with_tables(calibration=table, lines=classed).as_of(date)


def test_a_supplement_is_set_by_hand_or_fitted_or_that_of_its_class() -> None:
    # 2019 is nearer to 2016 than to 2023; `later` has only 2023; the class median is that of 5, 6 and 12 %.
    found = line_supplements(with_calibration("2019-01-01", slow="160"))
    assert found.to_dict() == {"own": 25.0, "fitted": 6.0, "later": 12.0, "planned": 6.0, "slow": 6.0}
    # 2020 is nearer to 2023, where `fitted` has 8 %: the median of 5, 8 and 12 %.
    found = line_supplements(with_calibration("2020-01-01", slow="160"))
    assert found.to_dict() == {"own": 25.0, "fitted": 8.0, "later": 12.0, "planned": 8.0, "slow": 8.0}


def test_before_the_first_timetable_the_nearest_one_counts() -> None:
    assert line_supplements(with_calibration("2010-01-01"))["fitted"] == 6.0


def test_a_reference_class_shows_its_median_and_range() -> None:
    net = with_calibration("2024-01-01")
    classes = reference_supplements(net.calibration, net.lines)
    # 5, 8 and 12 %: a tenth of the two steps from least to most is 5 + 0.2 · 3, from the top 12 - 0.2 · 4.
    assert classes.loc["350"].to_dict() == pytest.approx({"median": 8.0, "low": 5.6, "high": 11.2, "n_lines": 3.0})


def test_lines_fitted_on_few_sections_do_not_speak_for_their_class() -> None:
    net = with_calibration("2024-01-01")
    table = calibration(("own", 2016, 5.0, 9), ("fitted", 2016, 60.0, 2))
    assert reference_supplements(table, net.lines)["median"].to_dict() == {"350": 5.0}
    assert reference_supplements(table[1:], net.lines)["median"].to_dict() == {"350": 60.0}


def test_a_line_without_any_supplement_to_take_is_named() -> None:
    net = rail_network(LINES, {}, supplements=dict.fromkeys(LINES, None))
    with pytest.raises(InputError) as caught:
        line_supplements(net)
    assert len(caught.value.problems) == len(LINES)
    assert caught.value.problems[0].startswith("lines.csv 'own': no supplement_percent")


def test_what_is_remembered_of_one_network_is_not_taken_for_another():
    # On 20 km of open line every limit and every train has its own time; remembered runs must be told apart by all of them.
    base = rail_network({"line": [("a", 0.0), ("b", 20.0)]}, {"s": (["line"], ["a", "b"])})

    def minutes(network):
        return float(hop_times(network)["technical_min"].iloc[0])

    slower_line = base.with_tables(lines=base.lines.assign(speed_kmh=90.0))
    longer_throat = base.with_tables(stations=base.stations.assign(throat_km=5.0))
    slower_throat = base.with_tables(stations=base.stations.assign(throat_km=5.0, throat_speed_kmh=40.0))
    slower_train = base.with_tables(train_classes=base.train_classes.assign(max_speed_kmh=100.0))
    longer = base.with_tables(line_stops=base.line_stops.assign(chainage_km=[0.0, 25.0]))
    networks = (base, slower_line, longer_throat, slower_throat, slower_train, longer)
    first = [minutes(network) for network in networks]
    assert len(set(first)) == len(networks)
    assert first[0] == min(first)
    assert [minutes(network) for network in reversed(networks)] == first[::-1]


def test_times_that_are_remembered_follow_the_line_its_supplement_and_the_train() -> None:
    # Held to 90 km/h = 25 m/s, 10 km take 50 s and 625 m to start and as much to stop, and 8750 m at 25 m/s: 450 s.
    plain = network()
    slower = plain.with_tables(lines=plain.lines.assign(speed_kmh=90.0))
    looser = plain.with_tables(lines=plain.lines.assign(supplement_percent=20.0))
    trains = plain.train_classes.assign(max_speed_kmh=90.0)
    weaker = plain.with_tables(train_classes=trains)
    expected = {
        "plain": 1.1 * start_and_stop_min(10.0),
        "slower": 1.1 * 7.5,
        "looser": 1.2 * start_and_stop_min(10.0),
        "weaker": 1.1 * 7.5,
    }
    networks = {"plain": plain, "slower": slower, "looser": looser, "weaker": weaker}
    for name in ("plain", "slower", "plain", "looser", "weaker", "plain", "slower"):
        hops = hop_times(networks[name], stop_throat_kmh=inf)
        assert run_of(hops, "all", "a")["run_min"] == pytest.approx(expected[name], abs=0.002), name
