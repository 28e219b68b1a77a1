"""Stage 1 of running times: the fastest run of one train over sections with speed limits, from physics.

The train starts and ends at rest on level track. Going back from the stop, the braking curve bounds the speed at every
point; going forward, the train accelerates as hard as power, adhesion and resistance let it, up to that bound. The
track is cut into short steps over which the acceleration is taken as constant at its mid-step value.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError

__all__ = ["Section", "SpeedProfile", "TrainClass", "section_minutes", "speed_profile", "technical_minutes"]

GRAVITY_MS2 = 9.81
STEP_M = 50.0  # a run of 1 to 300 km differs by less than 0.1 s from one with steps of 1 m (see the tests)


@dataclass(frozen=True)
class TrainClass:
    """A kind of train; the fields are the physical columns of `train_classes.csv`, in their units."""

    train_class: str
    mass_t: float
    rotating_mass_share: float
    power_kw: float
    start_acceleration_ms2: float
    braking_ms2: float
    max_speed_kmh: float
    davis_a: float
    davis_b: float
    davis_c: float

    @classmethod
    def from_table(cls, train_classes: pd.DataFrame, train_class: str) -> "TrainClass":
        """Return the row `train_class` of the table of train classes; `InputError` if there is none."""
        rows = train_classes.loc[train_classes["train_class"] == train_class]
        if rows.empty:
            known = ", ".join(train_classes["train_class"])
            raise InputError(f"train_classes: no train class {train_class!r}; known: {known}")
        row = rows.iloc[0]
        numbers = {field.name: float(row[field.name]) for field in fields(cls)[1:]}
        return cls(train_class=train_class, **numbers)


class Section(NamedTuple):
    """A stretch of track with one speed limit."""

    length_km: float
    limit_kmh: float


@dataclass(frozen=True)
class SpeedProfile:
    """A run from rest to rest: one entry per point of the track, from the start to the stop.

    `distance_m`, `speed_kmh` and `time_s` have the same length; `section_ends` are the indices at which the sections
    end.
    """

    distance_m: NDArray[np.float64]
    speed_kmh: NDArray[np.float64]
    time_s: NDArray[np.float64]
    section_ends: NDArray[np.int64]


def speed_profile(train: TrainClass, sections: Sequence[Section], *, step_m: float = STEP_M) -> SpeedProfile:
    """Return the fastest run of `train` from rest to rest over `sections`.

    Parameters
    ----------
    train
        Train class; its `max_speed_kmh` caps every limit.
    sections
        Stretches in the order of travel; all lengths and limits positive.
    step_m
        Longest step of the integration. Every section is cut into equal steps, so its ends are points of the profile.

    Returns
    -------
    SpeedProfile
        Distance (m), speed (km/h) and time (s) at each point.

    Raises
    ------
    InputError
        Naming every section whose length or limit is not positive.

    Notes
    -----
    Train length and gradients are left out: the head of the train obeys the limits. The method is the minimum-time run
    of traction calculation (Brünger and Dahlhaus, in Hansen and Pachl, *Railway Timetabling & Operations*, 2014).

    A train held at 0.5 m/s² both ways and at most 180 km/h (50 m/s) needs 100 s and 2.5 km to start and as much to
    stop, so 10 km take 100 + 100 + 5000 / 50 = 300 s.
    """
    distance_m, speed_ms, time_s, ends = _run_over(train, sections, step_m)
    return SpeedProfile(distance_m, speed_ms * 3.6, time_s, ends)


def technical_minutes(train: TrainClass, sections: Sequence[Section]) -> float:
    """Return the technical running time in minutes, from rest to rest, over `sections` (see `speed_profile`)."""
    return float(_run_over(train, sections)[2][-1]) / 60.0


@lru_cache(maxsize=100_000)
def section_minutes(train: TrainClass, sections: tuple[Section, ...]) -> tuple[float, ...]:
    """Return the minutes spent in each of `sections` on the run of `speed_profile`; their sum is the technical time.

    Remembered between calls: the same train over the same sections always takes the same time.
    """
    _, _, time_s, ends = _run_over(train, sections)
    return tuple((end - start) / 60.0 for start, end in pairwise([0.0, *time_s[ends].tolist()]))


def _run_over(train: TrainClass, sections: Sequence[Section], step_m: float = STEP_M) -> "_Run":
    """Return distance (m), speed (m/s) and time (s) at each point of a run, and the points at which sections end."""
    _check_sections(sections)
    lengths_km, limits_kmh = np.array(sections, dtype=np.float64).T.copy()
    return _run(lengths_km, limits_kmh, step_m, train.max_speed_kmh, *_motion_parameters(train))


def _check_sections(sections: Sequence[Section]) -> None:
    problems = [
        f"section {number}: {name} is {value:g} {unit}; it must be above 0"
        for number, section in enumerate(sections, start=1)
        for name, value, unit in (("length_km", section.length_km, "km"), ("limit_kmh", section.limit_kmh, "km/h"))
        if not value > 0
    ]
    if not sections:
        problems = ["a run needs at least one section"]
    if problems:
        raise InputError(problems)


@lru_cache(maxsize=1_000)
def _motion_parameters(train: TrainClass) -> tuple[float, ...]:
    """Return start effort, power and resistance per unit of inertia (m/s², m²/s³, and per m/s), and the braking rate.

    The acceleration at speed v (m/s) is min(start, power / v) - (a + b v + c v²). Davis' w0 in N/kN of weight times
    g / 1000 is a deceleration; the rotating masses slow every change of speed, but weigh nothing.
    """
    inertia = 1.0 + train.rotating_mass_share
    per_weight = GRAVITY_MS2 / 1000.0 / inertia
    a = train.davis_a * per_weight
    b = train.davis_b * 3.6 * per_weight
    c = train.davis_c * 3.6**2 * per_weight
    return (
        train.start_acceleration_ms2 + a,  # so that the train starts with exactly the stated acceleration
        train.power_kw / train.mass_t / inertia,
        a,
        b,
        c,
        train.braking_ms2,
    )


_Run = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


@numba.njit(cache=True, nogil=True)
def _run(
    lengths_km: NDArray[np.float64],
    limits_kmh: NDArray[np.float64],
    step_m: float,
    max_speed_kmh: float,
    start_effort: float,
    power: float,
    a: float,
    b: float,
    c: float,
    braking: float,
) -> _Run:
    """Return distance, speed and time at the ends of all steps; the state is v²/2, linear in distance."""
    lengths_m = lengths_km * 1000.0
    steps = np.maximum(np.ceil(lengths_m / step_m - 1e-9), 2).astype(np.int64)
    n = steps.sum() + 1
    distance = np.zeros(n)
    bound = np.empty(n)
    point = 0
    for section in range(lengths_m.size):
        step = lengths_m[section] / steps[section]
        energy = 0.5 * (min(limits_kmh[section], max_speed_kmh) / 3.6) ** 2
        bound[point] = energy if point == 0 else min(bound[point], energy)
        for _ in range(steps[section]):
            point += 1
            distance[point] = distance[point - 1] + step
            bound[point] = energy
    bound[n - 1] = 0.0
    for point in range(n - 2, -1, -1):
        bound[point] = min(bound[point], bound[point + 1] + braking * (distance[point + 1] - distance[point]))

    speed = np.zeros(n)
    time = np.zeros(n)
    energy = 0.0
    cruising = False  # the last step ended with the energy it began with: at this bound the next one does so too
    for point in range(1, n):
        step = distance[point] - distance[point - 1]
        if not (cruising and bound[point] == energy):
            v = np.sqrt(2.0 * energy)
            push = start_effort if v * start_effort <= power else power / v
            middle = max(energy + 0.5 * step * (push - a - v * (b + c * v)), 0.0)
            v = np.sqrt(2.0 * middle)
            push = start_effort if v * start_effort <= power else power / v
            reached = min(energy + step * (push - a - v * (b + c * v)), bound[point])
            cruising = reached == energy
            energy = reached
        speed[point] = np.sqrt(2.0 * energy)
        time[point] = time[point - 1] + 2.0 * step / (speed[point - 1] + speed[point])
    return distance, speed, time, np.cumsum(steps)
