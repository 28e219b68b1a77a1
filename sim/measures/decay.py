"""Stage 4d: decay functions: how much an opportunity still counts that many minutes away.

    power:B         f(t) = t^-B                 t in minutes, at least `SHORTEST_MIN` (Hansen 1959)
    exponential:B   f(t) = exp(-B t)            B per minute (Wilson 1971)
    gaussian:S      f(t) = exp(-t² / (2 S²))    S in minutes (Ingram 1971)

W. G. Hansen (1959), How accessibility shapes land use, Journal of the American Institute of Planners 25. A. G. Wilson (1971),
A family of spatial interaction models, Environment and Planning 3. D. R. Ingram (1971), The concept of accessibility,
Regional Studies 5. The parameters are not fitted on trips of the delta: state them with every result and try others.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from sim.errors import InputError, did_you_mean

__all__ = ["DECAY_KINDS", "DEFAULT_DECAYS", "SHORTEST_MIN", "Decay", "parse_decay"]

DECAY_KINDS = ("power", "exponential", "gaussian")
SHORTEST_MIN = 1.0
"""What is nearer counts as this far under a power, which has no value at 0."""


@dataclass(frozen=True)
class Decay:
    """One decay function with its parameter: an exponent, a rate per minute, or a width in minutes."""

    kind: str
    parameter: float

    def __str__(self) -> str:
        return f"{self.kind}:{self.parameter:g}"

    def weights(self, minutes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the weight of each travel time, in the same shape; what cannot be reached (NaN or inf) weighs nothing.

        >>> Decay("power", 1.0).weights([0.5, 2.0, 50.0]).tolist()
        [1.0, 0.5, 0.02]
        >>> Decay("exponential", 0.01).weights([0.0, 100.0]).round(4).tolist()
        [1.0, 0.3679]
        >>> Decay("gaussian", 60.0).weights([0.0, 60.0]).round(4).tolist()
        [1.0, 0.6065]
        """
        times = np.asarray(minutes, dtype=np.float64)
        times = np.where(np.isnan(times), np.inf, times)
        if self.kind == "power":
            return np.asarray(np.maximum(times, SHORTEST_MIN) ** -self.parameter)
        if self.kind == "exponential":
            return np.asarray(np.exp(-self.parameter * times))
        return np.asarray(np.exp(-(times**2) / (2.0 * self.parameter**2)))


DEFAULT_DECAYS = (Decay("power", 1.0), Decay("exponential", 0.01), Decay("gaussian", 60.0))
"""The exponent 1 that Chinese studies mostly take, and two that halve the weight at 69 and at 71 minutes."""


def parse_decay(text: str) -> Decay:
    """Return the decay function written as kind:parameter.

    >>> parse_decay("power:1.5")
    Decay(kind='power', parameter=1.5)

    Raises
    ------
    InputError: an unknown kind, or a parameter that is not a number above 0.
    """
    kind, _, parameter = text.partition(":")
    if kind not in DECAY_KINDS:
        known = did_you_mean(kind, DECAY_KINDS) or f"; there are {', '.join(DECAY_KINDS)}"
        raise InputError(f"no decay function '{kind}'{known}")
    try:
        value = float(parameter)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0):
        raise InputError(f"decay function '{text}': '{parameter}' is not a number above 0 (as in {kind}:1)")
    return Decay(kind, value)
