"""Stage 3d, a variant of the ends: shorter ways to and from stations, as with better access, whatever the means."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.times.access import Access, Legs, Minutes
from sim.times.access_tiles import lower_within
from sim.times.bucket_queue import Floats, Integers
from sim.times.tiles import TileTable

__all__ = ["QuickerAccess"]


@dataclass(frozen=True)
class QuickerAccess(Access):
    """Ways of up to `within_min` to and from stations take a share of their minutes; longer ones stay as they are.

    Without that limit a small share would make it worth driving to a station half-way to the destination. For minutes
    between places and between people; surfaces are not to be had here.

    Attributes
    ----------
    share : above 0 and up to 1.
    within_min : before the ways are shortened.
    """

    share: float = 1.0
    within_min: float = 60.0

    def between(self, nodes: Integers, stations: Integers, *, reverse: bool = False) -> Legs:
        """Return `Access.between` with the short ways shortened."""
        return self._shortened(super().between(nodes, stations, reverse=reverse))

    def from_tables(self, nodes: Integers, stations: Integers) -> Legs:
        """Return `Access.from_tables` with the short ways shortened."""
        return self._shortened(super().from_tables(nodes, stations))

    def lower(
        self,
        stations: Integers,
        arrival_min: Minutes,
        limit_min: float,
        wanted: npt.NDArray[np.bool_],
        minutes: Floats,
        by: Integers,
    ) -> None:
        """Lower the minutes as `Access.lower` does, with the short ways from the stations shortened."""
        super().lower(stations, arrival_min, limit_min, wanted, minutes, by)
        starts, share = arrival_min.astype(np.float32), np.float32(self.share)
        limits = (np.float32(min(self.within_min, self.limit_min)) * share, np.float32(limit_min))
        for way, extra in zip(self.ways, self.extra_at_positions, strict=True):
            table, sources = way.roads.table_of(stations)
            scaled = TileTable(table.start, table.least * share, table.most * share, table.step * share, table.codes)
            lower_within(scaled, sources, starts, extra * share, *limits, wanted, 1, minutes, by)

    def surface(self, stations: Integers, arrival_min: Minutes, limit_min: float) -> Floats:
        """Refuse: no verdict needs a surface."""
        raise NotImplementedError

    def _shortened(self, legs: Legs) -> Legs:
        minutes = np.where(legs.minutes <= self.within_min, legs.minutes * self.share, legs.minutes)
        return Legs(minutes, legs.way)
