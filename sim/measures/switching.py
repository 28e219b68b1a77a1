"""Stage 4j: switching values: how far one thing alone must change for a target to be just met.

A lever is moved from its value today in whole steps to a bound: what physics allow, or the end of the plausible range of an
assumption. The target's minutes fall, or stay, on the way.
If the bound does not do, nothing does: "not by this alone". Otherwise the steps are halved until two neighbours are
left of which one meets the limit and the other does not. Minutes may jump (other trains, other roads), so that the
crossing is found by bisection of the verdict and not by a root of the minutes. Both neighbours are runs of the model.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Lever", "Switch", "solve_switch"]

SAME_MIN = 1e-6


@dataclass(frozen=True)
class Lever:
    """One thing that can be changed: from its value now towards a bound, in steps of its unit."""

    lever_id: str
    unit: str
    now: float
    bound: float
    step: float

    @property
    def n_steps(self) -> int:
        """Return the number of whole steps from now to the bound; the last one may be shorter."""
        return int(np.ceil(abs(self.bound - self.now) / self.step - SAME_MIN))

    def at(self, steps: int) -> float:
        """Return the value after so many steps, rounded to the step."""
        if steps >= self.n_steps:
            return self.bound
        direction = 1.0 if self.bound > self.now else -1.0
        return round(self.now + direction * steps * self.step, 6)


@dataclass(frozen=True)
class Switch:
    """What moving a lever does.

    Attributes
    ----------
    value : the first value of the lever at which the limit is met, NaN when none does.
    minutes : at that value, by a run of the model; NaN when there is none.
    minutes_before : one step before it, where the limit is still missed.
    best_minutes : at the bound.
    n_runs : of the model.
    """

    value: float
    minutes: float
    minutes_before: float
    best_minutes: float
    n_runs: int

    @property
    def is_met(self) -> bool:
        """Whether this alone can meet the limit."""
        return bool(np.isfinite(self.value))


def solve_switch(lever: Lever, minutes_at: Callable[[float], float], limit_min: float, minutes_now: float) -> Switch:
    """Return where a lever just meets a limit.

    Parameters
    ----------
    minutes_at : the minutes at a value of the lever; NaN or inf where there is no way. They should not rise towards the
        bound; if they do, a value is still found at which the limit is met and one step before which it is not.
    minutes_now : missed, above the limit or NaN.

    A journey of 100 min of which 20 are the station's, with a limit of 90 and steps of 1 min: met at 10, missed at 11.

    >>> solve_switch(Lever("station_time", "min", 20, 0, 1), lambda x: 80 + x, 90, 100).value
    10.0
    """
    runs: dict[int, float] = {0: minutes_now}

    def meets(steps: int) -> bool:
        if steps not in runs:
            runs[steps] = float(minutes_at(lever.at(steps)))
        return bool(runs[steps] <= limit_min)

    missed, met = 0, lever.n_steps
    if met == 0 or not meets(met):
        return Switch(np.nan, np.nan, np.nan, runs[met], len(runs) - 1)
    while met - missed > 1:
        middle = (missed + met) // 2
        missed, met = (missed, middle) if meets(middle) else (middle, met)
    return Switch(lever.at(met), runs[met], runs[missed], runs[lever.n_steps], len(runs) - 1)
