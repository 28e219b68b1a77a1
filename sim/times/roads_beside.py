"""Stage 3c, continued: road minutes carried over from roads that differ little, for sweeps over road projects.

Of many sets of roads that differ from one by a bridge here and a motorway there, only that one is searched from every
station; for the others its minutes are repaired (`sim.times.repair`), to the same bits in a tenth of the time.
"""

import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from sim.times.bucket_queue import Floats
from sim.times.kernels import minutes_from, seeds_of
from sim.times.repair import RoadChange, compare_roads, repair_minutes
from sim.times.road_cache import LIMIT_BYTES, cache_folder
from sim.times.road_graph import RoadGraph

__all__ = ["BaseRoads", "RoadsBeside"]


@dataclass
class BaseRoads:
    """Minutes from cells to every node of one road graph, each searched for once. Threads may share it.

    They are too many for the memory (3 MB a source): a file without a name holds them until `close`, or until the program
    ends in whatever way. Without room for it they are searched for again, and the answers are the same.

    Attributes
    ----------
    graph : the roads.
    limit_bytes : most that the file may hold.
    """

    graph: RoadGraph
    limit_bytes: int = LIMIT_BYTES
    _places: dict[int, int] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @cached_property
    def _file(self) -> IO[bytes]:
        folder: Path = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder)

    def close(self) -> None:
        """Remove the file; what is asked for from now on is searched for."""
        with self._lock:
            self.limit_bytes = 0
            self._places.clear()
            if "_file" in vars(self):
                self._file.close()

    def minutes_from(self, node: int) -> Floats:
        """Return the minutes from a cell to every node, (n_nodes,), inf where there is no way."""
        with self._lock:
            if node in self._places:
                self._file.seek(self._places[node])
                return np.frombuffer(self._file.read(4 * self.graph.n_nodes), dtype=np.float32)
        minutes = minutes_from(self.graph.prepared, seeds_of([node]))
        with self._lock, suppress(OSError):
            place = len(self._places) * minutes.nbytes
            if node not in self._places and place + minutes.nbytes <= self.limit_bytes:
                self._file.seek(place)
                self._file.write(minutes.tobytes())
                self._places[node] = place
        return minutes


@dataclass(frozen=True)
class RoadsBeside:
    """Base roads, and the change from them to others; give the minutes on those others."""

    base: BaseRoads
    change: RoadChange

    @classmethod
    def of(cls, base: BaseRoads, graph: RoadGraph) -> "RoadsBeside":
        """Return the way from base roads to those of a graph on the same grid."""
        return cls(base, compare_roads(base.graph, graph))

    def minutes_from(self, node: int) -> Floats:
        """Return the minutes from a cell to every node of the other roads, as a search there would, to the bit."""
        return repair_minutes(self.change, self.base.minutes_from(node))
