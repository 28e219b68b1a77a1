"""Stage 3e: pairs of people by minutes door to door, and what the minutes are spent on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["BIN_MIN", "LEGS", "PairMinutes"]

Floats = npt.NDArray[np.float64]

LEGS = ("access", "station", "wait", "ride", "change", "egress")
BIN_MIN = 0.25
"""Width of the bins in which pairs of people are counted by their minutes."""


@dataclass(frozen=True)
class PairMinutes:
    """How many pairs of people (origin, destination) are how many minutes apart, and what the minutes are spent on.

    Attributes
    ----------
    to_ids : destinations.
    pairs : (n_destinations, n_bins) pairs of people by minutes in bins of `BIN_MIN`; the last bin is "not reached".
    leg_minutes : (n_destinations, 7) pair-minutes by leg: road alone, then `LEGS`.
    """

    to_ids: tuple[str, ...]
    pairs: Floats
    leg_minutes: Floats

    def of(self, to_ids: Sequence[str]) -> "PairMinutes":
        """Return the part that concerns some destinations."""
        rows = [self.to_ids.index(to_id) for to_id in to_ids]
        return PairMinutes(tuple(to_ids), self.pairs[rows], self.leg_minutes[rows])

    def share_within(self, cutoff_min: float) -> float:
        """Return the share of all pairs that are within the cut-off, NaN when there are no pairs."""
        counts = self.pairs.sum(axis=0)
        last = round(cutoff_min / BIN_MIN)
        total = counts.sum()
        return float(counts[:last].sum() / total) if total > 0 else float("nan")

    def quantile(self, share: float) -> float:
        """Return the minutes within which this share of all pairs is, to the bin; inf when fewer are ever reached."""
        counts = self.pairs.sum(axis=0)
        reached = np.cumsum(counts[:-1])
        if reached.size == 0 or reached[-1] < share * counts.sum():
            return float("inf")
        return float((np.searchsorted(reached, share * counts.sum()) + 1) * BIN_MIN)

    def binding_leg(self) -> str:
        """Return the leg on which the most pair-minutes are spent: 'road' or one of `LEGS`."""
        return ("road", *LEGS)[int(np.argmax(self.leg_minutes.sum(axis=0)))]
