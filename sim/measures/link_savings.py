"""Stage 4g, continued: what a new link saves the people around it, in person-minutes.

Definition
----------
Everybody makes one journey (one way) to somebody else who can be reached by road within the horizon; nearer people are
chosen more often, with weights P_d exp(-t_od / τ). What the people of an origin o save on it is the difference of the logsum,

    saved_o = τ ln( A'_o / A_o ),    A_o = Σ_d P_d exp(-t_od / τ) over all cells d within the horizon H,
    A'_o = A_o + Σ_d P_d ( exp(-t'_od / τ) - exp(-min(t_od, H) / τ) ) over the cells d that the link brings nearer,

and person-minutes are Σ_o P_o saved_o. With one destination whose way falls from 20 to 10 minutes this is 10 minutes; with many
it is, to first order, the mean of the minutes saved with those weights. Who comes within the horizon only by the link counts
from the horizon on, so that no journey saves more for having been impossible. Nothing is made slower, so it is never
negative. t' counts journeys that use the link from end to end. This is accessibility, not traffic: nobody's real journeys
are known, tolls and congestion do not change.

Origins are a systematic sample of the people, each cell of it standing for as many; destinations are all cells.

References
----------
Williams, H. (1977). On the formation of travel demand models and economic evaluation measures of user benefit. Environment and
    Planning A 9, 285-344 (the logsum).
de Jong, G., Daly, A., Pieters, M., van der Hoorn, T. (2007). The logsum as an evaluation measure. Transportation Research
    Part A 41, 874-889.
Jenelius, E., Petersen, T., Mattsson, L.-G. (2006). Importance and exposure in road network vulnerability analysis.
    Transportation Research Part A 40, 537-560 (the importance of a link as what all travellers lose without it).
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sim.times.bucket_queue import Floats, Integers, PreparedGraph
from sim.times.kernels import in_threads, minutes_from, seeds_of
from sim.times.proposed_links import JoinedLink
from sim.times.road_graph import RoadGraph, reverse_graph

__all__ = ["LinkReach", "PeopleRules", "find_origins", "find_reach", "people_minutes_saved", "solve_saved"]

TILE_CELLS = 8
"""Rows and columns of cells that stay together on the line along which people are sampled."""


@dataclass(frozen=True)
class PeopleRules:
    """Who travels where.

    Attributes
    ----------
    horizon_min : H, beyond which nobody is counted.
    decay_min : τ, minutes over which the weight of a destination falls to 1/e. No survey of the delta stands behind it.
    people_per_origin : how many people a sampled origin stands for; 0 takes every cell with its own people.
    """

    horizon_min: float = 60.0
    decay_min: float = 20.0
    people_per_origin: float = 5000.0

    def weights(self, minutes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return exp(-t/τ), with what is beyond the horizon at the horizon.

        >>> PeopleRules(horizon_min=60, decay_min=20).weights([0, 20, 60, np.inf]).round(3).tolist()
        [1.0, 0.368, 0.05, 0.05]
        """
        times = np.minimum(np.asarray(minutes, dtype=np.float64), self.horizon_min)
        return np.asarray(np.exp(-times / self.decay_min))


@dataclass(frozen=True)
class LinkReach:
    """Who gets to a link and who is reached from it, within the horizon, where going over it beats going round.

    Attributes
    ----------
    ways : for each direction: cells that gain by the link as origins, with minutes to its far end over it; cells that gain as
        destinations, with minutes from that end, nearest first.
    near_people : people within the horizon of either end, over the link or without it.
    newly_near_start, newly_near_end : people within the horizon of an end only over the link.
    """

    ways: tuple["_Way", "_Way"]
    near_people: float
    newly_near_start: float
    newly_near_end: float


@dataclass(frozen=True)
class _Way:
    origins: Integers
    over_min: Floats
    cells: Integers
    onward_min: Floats


def find_reach(graph: RoadGraph, backwards: PreparedGraph, link: JoinedLink, rules: PeopleRules) -> LinkReach:
    """Return who gets to a link and who is reached from it, by a search from and to each of its ends.

    Parameters
    ----------
    backwards : the graph with every link turned round.
    """
    horizon, minutes = rules.horizon_min, np.float32(link.minutes)
    (to_start, to_end), (from_start, from_end) = (
        [minutes_from(way, end, limit_min=horizon)[: graph.n_cells] for end in (link.start, link.end)]
        for way in (backwards, graph.prepared)
    )
    ways = (
        _way(to_start + minutes, to_end, from_end, from_start - minutes, horizon),
        _way(to_end + minutes, to_start, from_start, from_end - minutes, horizon),
    )
    # A sum over few cells: those that come nearer an end are among the destinations that gain.
    newly = [
        float(graph.people[way.cells[(way.onward_min + minutes <= horizon) & np.isinf(today[way.cells])]].sum())
        for way, today in zip(ways, (from_start, from_end), strict=True)
    ]
    near = float(graph.people[np.isfinite(from_start) | np.isfinite(from_end)].sum())
    return LinkReach(ways, near, newly[0], newly[1])


def _way(over: Floats, round_: Floats, onward: Floats, round_onward: Floats, horizon_min: float) -> _Way:
    """Return one direction of a link from the minutes over it and round it, before and after its far end."""
    origins = np.flatnonzero((over < round_) & (over <= horizon_min)).astype(np.int32)
    cells = np.flatnonzero(onward < round_onward).astype(np.int32)
    cells = cells[np.argsort(onward[cells], kind="stable")]
    return _Way(origins, over[origins], cells, onward[cells])


def find_origins(graph: RoadGraph, people_per_origin: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the nodes of cells from which people start, and how many start from each, (n,) each.

    The cells are laid on a line tile by tile, and the person in the middle of each equal stretch of people is taken:
    systematic sampling, spread over the land, without a bias towards the dense cells of a place, the same in every run.
    """
    nodes = graph.land_nodes[graph.people[graph.land_nodes] > 0].astype(np.int64)
    people = graph.people[nodes]
    if people_per_origin <= 0 or not len(nodes):
        return nodes, people
    row, column = np.divmod(nodes, graph.stride)
    order = np.lexsort((column, row, column // TILE_CELLS, row // TILE_CELLS))
    before = np.cumsum(people[order])
    count = int(np.ceil(before[-1] / people_per_origin))
    middles = (np.arange(count) + 0.5) * before[-1] / count
    chosen, times = np.unique(order[np.searchsorted(before, middles)], return_counts=True)
    return nodes[chosen], times * before[-1] / count


def people_minutes_saved(graph: RoadGraph, reaches: Sequence[LinkReach], rules: PeopleRules) -> npt.NDArray[np.float64]:
    """Return the person-minutes that each link saves on its own, (n_links,)."""
    origins, population = find_origins(graph, rules.people_per_origin)
    users = _list_users(origins, reaches)
    wanted = sorted(users)
    result = np.zeros(len(reaches))
    lock = threading.Lock()

    def work(first: int, last: int) -> None:
        saved = np.zeros(len(reaches))
        today = np.full(graph.n_cells, rules.weights(np.inf))
        for i in wanted[first:last]:
            saved += population[i] * _saved_from(graph, int(origins[i]), users[i], today, rules, len(reaches))
        with lock:
            result[:] += saved

    if wanted:
        in_threads(work, len(wanted))
    return result


class _Use(NamedTuple):
    """An origin's use of a direction of a link: minutes to its far end, and the way on from there."""

    link: int
    over_min: float
    way: _Way


def _list_users(origins: npt.NDArray[np.int64], reaches: Sequence[LinkReach]) -> dict[int, list[_Use]]:
    """Return, for the number of every origin that gains by some link, what it uses."""
    users: dict[int, list[_Use]] = {}
    for number, reach in enumerate(reaches):
        for way in reach.ways:
            chosen = np.flatnonzero(np.isin(origins, way.origins))
            over = way.over_min[np.searchsorted(way.origins, origins[chosen])]
            for i, minutes in zip(chosen.tolist(), over.tolist(), strict=True):
                users.setdefault(i, []).append(_Use(number, minutes, way))
    return users


def _saved_from(
    graph: RoadGraph,
    origin: int,
    uses: Sequence[_Use],
    today: npt.NDArray[np.float64],
    rules: PeopleRules,
    n_links: int,
) -> npt.NDArray[np.float64]:
    """Return the minutes that one person of an origin saves by each link, (n_links,).

    Parameters
    ----------
    today : weights of all cells, those at the horizon; used and left as it was.
    """
    minutes = minutes_from(graph.prepared, seeds_of([origin]), limit_min=rules.horizon_min)[: graph.n_cells]
    people = graph.people
    reached = np.flatnonzero(minutes <= rules.horizon_min)
    today[reached] = rules.weights(minutes[reached])
    opportunities = float(people[reached] @ today[reached])
    gained = np.zeros(n_links)
    for link, over_min, way in uses:
        n = int(np.searchsorted(way.onward_min, rules.horizon_min - over_min, side="right"))
        cells = way.cells[:n]
        gain = rules.weights(over_min + way.onward_min[:n]) - today[cells]
        gained[link] += float(people[cells] @ np.maximum(gain, 0.0))
    today[reached] = rules.weights(np.inf)
    saved: npt.NDArray[np.float64] = rules.decay_min * np.log1p(gained / opportunities)
    return saved


def solve_saved(before: RoadGraph, after: RoadGraph, rules: PeopleRules, *, near: npt.ArrayLike) -> float:
    """Return the person-minutes that another road graph on the same grid saves, every origin searched for in both.

    Parameters
    ----------
    near : nodes; only origins within the horizon of one of them, by the new roads, are looked at.
    """
    origins, population = find_origins(before, rules.people_per_origin)
    seeds = seeds_of(np.atleast_1d(np.asarray(near)))
    is_near = np.isfinite(minutes_from(reverse_graph(after).prepared, seeds, limit_min=rules.horizon_min)[origins])
    origins, population = origins[is_near], population[is_near]
    saved = np.zeros(len(origins))

    def work(first: int, last: int) -> None:
        for i in range(first, last):
            old, new = (
                minutes_from(graph.prepared, seeds_of([origins[i]]), limit_min=rules.horizon_min)[: before.n_cells]
                for graph in (before, after)
            )
            today = np.flatnonzero(np.isfinite(old))
            changed = np.flatnonzero(old != new)
            gained = before.people[changed] @ (rules.weights(new[changed]) - rules.weights(old[changed]))
            opportunities = before.people[today] @ rules.weights(old[today])
            saved[i] = rules.decay_min * np.log1p(gained / opportunities)

    if len(origins):
        in_threads(work, len(origins))
    return float(population @ saved)
