"""Running times from physics, against what can be worked out by hand."""

from dataclasses import replace
from math import ceil, inf, sqrt

import numpy as np
import pytest

from sim.errors import InputError
from sim.times.speed_profile import (
    STEP_M,
    Section,
    TrainClass,
    _motion_parameters,
    section_minutes,
    speed_profile,
    technical_minutes,
)

# Half a metre per second squared both ways, no resistance, no rotating mass, power without end.
EVEN = TrainClass("even", 400.0, 0.0, 1e12, 0.5, 0.5, 360.0, 0.0, 0.0, 0.0)
# An ordinary eight-car high-speed train.
REAL = TrainClass("real", 430.0, 0.08, 8800.0, 0.4, 0.5, 350.0, 0.79, 0.0064, 0.000115)


def seconds(train: TrainClass, *sections: tuple[float, float]) -> float:
    return technical_minutes(train, [Section(km, kmh) for km, kmh in sections]) * 60.0


def test_constant_acceleration_has_the_closed_form() -> None:
    # 180 km/h = 50 m/s: 50/0.5 = 100 s and 50²/(2·0.5) = 2500 m to start, as much to stop; 5000 m at 50 m/s take 100 s.
    assert seconds(EVEN, (10.0, 180.0)) == pytest.approx(300.0, abs=0.01)


def test_a_short_section_never_reaches_the_line_speed() -> None:
    # 1 km: 500 m up and 500 m down at 0.5 m/s²: t = 2·sqrt(2·500/0.5) = 89.44 s, top speed sqrt(2·0.5·500) = 22.36 m/s.
    profile = speed_profile(EVEN, [Section(1.0, 180.0)])
    assert profile.time_s[-1] == pytest.approx(2.0 * sqrt(2000.0), abs=0.01)
    assert profile.speed_kmh.max() == pytest.approx(3.6 * sqrt(500.0), abs=0.01)


def test_braking_at_twice_the_rate_takes_half_the_time_and_way() -> None:
    # Start 100 s and 2.5 km at 0.5; stop 50 s and 1.25 km at 1.0; the other 6.25 km at 50 m/s take 125 s.
    assert seconds(replace(EVEN, braking_ms2=1.0), (10.0, 180.0)) == pytest.approx(275.0, abs=0.05)


def test_a_slow_section_in_between_costs_what_slowing_down_and_running_it_costs() -> None:
    # 10 km at 50 m/s, 1 km at 25 m/s, 10 km at 50 m/s. From 50 to 25 m/s: 50 s over 1875 m, and the same back up.
    # 100 s start (2.5 km) + 5625 m at 50 (112.5 s) + 50 s + 1000 m at 25 (40 s) + the mirror image.
    expected = 2.0 * (100.0 + 112.5 + 50.0) + 40.0
    assert seconds(EVEN, (10.0, 180.0), (1.0, 90.0), (10.0, 180.0)) == pytest.approx(expected, abs=0.05)


def test_power_without_resistance_gives_the_textbook_acceleration() -> None:
    # 10 m²/s³ of power per mass: constant 0.5 m/s² to 10/0.5 = 20 m/s (40 s, 400 m), then v²/2 grows by 10 per second:
    # to 60 m/s another (60² - 20²)/(2·10) = 160 s and (60³ - 20³)/(3·10) = 6933.3 m.
    train = replace(EVEN, power_kw=4000.0)
    profile = speed_profile(train, [Section(60.0, 216.0)], step_m=10.0)
    reached = int(np.argmax(profile.speed_kmh >= 216.0 - 1e-6))
    assert profile.time_s[reached] == pytest.approx(40.0 + 160.0, abs=0.3)
    assert profile.distance_m[reached] == pytest.approx(400.0 + 208_000.0 / 30.0, abs=20.0)


def test_rotating_mass_adds_to_inertia_and_not_to_weight() -> None:
    # Coasting is not part of a run, so look at the balance: with power 10 m²/s³ and resistance c·v² = 1e-4·v² m/s² the
    # train cannot pass the cube root of 10/1e-4 = 46.4 m/s = 167 km/h, whatever its rotating masses.
    per_weight = 1e-4 / (9.81 / 1000.0) / 3.6**2  # N/kN/(km/h)² that make 1e-4 m/s² per (m/s)²
    train = replace(EVEN, power_kw=4000.0, davis_c=per_weight)
    balance_kmh = 3.6 * (10.0 / 1e-4) ** (1.0 / 3.0)
    for share in (0.0, 0.2):
        profile = speed_profile(replace(train, rotating_mass_share=share), [Section(200.0, 360.0)])
        assert profile.speed_kmh.max() == pytest.approx(balance_kmh, rel=1e-3)


def test_a_train_that_brakes_as_it_starts_takes_the_same_time_both_ways() -> None:
    sections = ((12.0, 160.0), (3.0, 80.0), (20.0, 250.0), (0.7, 45.0))
    assert seconds(EVEN, *sections) == pytest.approx(seconds(EVEN, *reversed(sections)), abs=0.05)


def test_splitting_a_section_changes_nothing() -> None:
    assert seconds(REAL, (60.0, 300.0)) == pytest.approx(seconds(REAL, (23.0, 300.0), (37.0, 300.0)), abs=0.05)


@pytest.mark.parametrize("km", [0.5, 5.0, 60.0, 300.0])
def test_more_power_is_never_slower(km: float) -> None:
    times = [seconds(replace(REAL, power_kw=power), (km, 300.0)) for power in (5000.0, 8000.0, 12000.0, 20000.0)]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("km", [0.5, 5.0, 60.0, 300.0])
def test_a_higher_limit_is_never_slower_and_never_beats_its_own_speed(km: float) -> None:
    times = [seconds(REAL, (km, limit)) for limit in (80.0, 160.0, 250.0, 300.0, 350.0, 400.0)]
    assert times == sorted(times, reverse=True)
    for limit, time in zip((80.0, 160.0, 250.0, 300.0, 350.0), times, strict=False):
        assert time > km * 3600.0 / limit


def test_the_train_keeps_to_the_limits_its_top_speed_and_its_rates() -> None:
    sections = [Section(1.5, 80.0), Section(30.0, 300.0), Section(6.0, 160.0), Section(30.0, 400.0), Section(1.5, 80.0)]
    profile = speed_profile(REAL, sections)
    starts = np.concatenate(([0], profile.section_ends[:-1]))
    for section, start, end in zip(sections, starts, profile.section_ends, strict=True):
        assert profile.speed_kmh[start : end + 1].max() <= min(section.limit_kmh, 350.0) + 1e-9
    half_squares = (profile.speed_kmh / 3.6) ** 2 / 2.0
    rates = np.diff(half_squares) / np.diff(profile.distance_m)
    assert rates.max() <= REAL.start_acceleration_ms2 + 1e-9
    assert rates.min() >= -REAL.braking_ms2 - 1e-9


def test_distance_and_time_only_grow_and_end_where_the_sections_end() -> None:
    profile = speed_profile(REAL, [Section(1.234, 80.0), Section(20.0, 250.0)])
    assert np.all(np.diff(profile.distance_m) > 0)
    assert np.all(np.diff(profile.time_s) > 0)
    assert profile.distance_m[-1] == pytest.approx(21_234.0)
    assert profile.speed_kmh[0] == profile.speed_kmh[-1] == 0.0


def test_the_minutes_of_the_sections_add_up_to_the_run() -> None:
    sections = (Section(1.5, 80.0), Section(40.0, 300.0), Section(1.5, 80.0))
    assert sum(section_minutes(REAL, sections)) == pytest.approx(technical_minutes(REAL, sections))


@pytest.mark.parametrize("km", [1.0, 8.0, 60.0, 300.0])
def test_the_step_is_short_enough_to_be_within_a_tenth_of_a_second(km: float) -> None:
    coarse = speed_profile(REAL, [Section(km, 300.0)]).time_s[-1]
    fine = speed_profile(REAL, [Section(km, 300.0)], step_m=1.0).time_s[-1]
    assert coarse == pytest.approx(fine, abs=0.1)


def test_a_section_without_length_or_limit_is_named() -> None:
    with pytest.raises(InputError) as caught:
        speed_profile(REAL, [Section(1.0, 80.0), Section(0.0, 80.0), Section(2.0, float("nan"))])
    assert caught.value.problems == [
        "section 2: length_km is 0 km; it must be above 0",
        "section 3: limit_kmh is nan km/h; it must be above 0",
    ]
    with pytest.raises(InputError, match="at least one section"):
        speed_profile(REAL, [])


def slow_profile(train, sections, step_m):
    """Distance, speed (m/s) and time at each point, every step computed the long way."""
    start_effort, power, a, b, c, braking = _motion_parameters(train)
    distance, bound = [0.0], [inf]
    for km, limit_kmh in sections:
        steps = max(ceil(km * 1000.0 / step_m - 1e-9), 2)
        energy = 0.5 * (min(limit_kmh, train.max_speed_kmh) / 3.6) ** 2
        bound[-1] = min(bound[-1], energy)
        for _ in range(steps):
            distance.append(distance[-1] + km * 1000.0 / steps)
            bound.append(energy)
    bound[-1] = 0.0
    for point in range(len(bound) - 2, -1, -1):
        bound[point] = min(bound[point], bound[point + 1] + braking * (distance[point + 1] - distance[point]))

    def spare(energy):
        v = sqrt(2.0 * energy)
        return (start_effort if v * start_effort <= power else power / v) - a - v * (b + c * v)

    speed, time, energy = [0.0], [0.0], 0.0
    for point in range(1, len(bound)):
        step = distance[point] - distance[point - 1]
        middle = max(energy + 0.5 * step * spare(energy), 0.0)
        energy = min(energy + step * spare(middle), bound[point])
        speed.append(sqrt(2.0 * energy))
        time.append(time[-1] + 2.0 * step / (speed[-2] + speed[-1]))
    return distance, speed, time


def test_a_train_that_holds_its_limit_is_timed_as_if_every_step_were_computed() -> None:
    random = np.random.default_rng(3)
    weak = replace(REAL, power_kw=REAL.power_kw / 4)  # never reaches the higher limits, and loses speed at none
    for number in range(40):
        lengths, limits = random.uniform(0.3, 40.0, 5).round(3), random.choice([45.0, 80.0, 160.0, 250.0, 350.0], 5)
        sections = [Section(*pair) for pair in zip(lengths.tolist(), limits.tolist(), strict=True)]
        train = weak if number % 2 else REAL
        profile = speed_profile(train, sections)
        distance, speed, time = slow_profile(train, sections, STEP_M)
        assert profile.distance_m.tolist() == distance
        assert profile.time_s.tolist() == time
        assert profile.speed_kmh.tolist() == [v * 3.6 for v in speed]
