"""Stage 3 of rides: for each pair of stations the direct trains worth boarding, their expected wait and ride.

The common-lines problem (Chriqui and Robillard 1975, Transportation Science 9(2); Spiess and Florian 1989,
Transportation Research B 23(2)): of the services that go directly, with ride t_i and frequency f_i, a traveller boards
the first to come of a set S chosen to make the expected wait + ride least. With F = sum f_i over S:

    wait(S) = w(alpha / F)      ride(S) = sum f_i t_i / F      total = min over S of wait(S) + ride(S)

alpha is 1/2 where the trains of the set come evenly spaced (`half_headway`), 1 where they come at random or the
traveller always just misses one (`full_headway`), 0 where the traveller aims at a given train (`planned`).

    w(u) = u  up to the cap,  cap + share * (u - cap)  beyond it

The cap stands for consulting the timetable where trains are rare: one no longer waits on the platform, but leaves at an
hour that does not suit, which counts for a share of the minutes (schedule delay: Small 1982, American Economic Review
72(3); that interval penalties grow less than in proportion: Wardman 2004, Transport Policy 11(4)). With a share of 0 a wait
never counts for more than the cap. As w(u) = min(u, (1 - share) cap + share u), the problem splits into two classic ones,
with alpha and with share * alpha, each solved by a first part of the services in order of t_i; so trying all first parts
is exact. The least over all sets cannot rise when a service is added, gets faster or gets more trains (those are a
further service with the same ride), whatever cap and share. Under `planned` the set is the fastest train alone.
`mean_min` says what the ride is over all trains that someone without a timetable would board.
"""

from dataclasses import dataclass

import numba
import numpy as np

from sim.times.service_runs import FloatArray, IntArray, ServiceRuns

__all__ = ["WAIT_ALPHA", "DirectRides", "solve_direct_rides"]

WAIT_ALPHA = {"planned": 0.0, "half_headway": 0.5, "full_headway": 1.0}  # expected wait as a share of the headway
TIE_MIN = 1e-9  # minutes below which two times are the same


@dataclass(frozen=True)
class DirectRides:
    """The direct trains of every pair of stations; matrices are (stations, stations), [from, to].

    Attributes
    ----------
    fastest_min: in-train minutes of the fastest train, inf where there is none.
    ride_min, wait_min: expected minutes over the set worth boarding, inf where there is no train.
    trains_per_day: of the set worth boarding, 0 where there is none.
    mean_min, all_trains_per_day: the same set without the cap at half headways, whatever the wait rule: what the
        timetable offers to someone who comes at any time of day.
    first_departure_min, last_departure_min: minutes after midnight of the first and last of all direct trains, nan
        where not known.
    option_min, option_board, option_alight, option_run: every direct train service of every pair, by pair, then
        fastest first; board and alight are calls of `runs`.
    pair_start: options of pair p = from * stations + to are `pair_start[p]:pair_start[p + 1]`.
    worth_end: those worth boarding are `pair_start[p]:worth_end[p]`.
    """

    runs: ServiceRuns
    fastest_min: FloatArray
    ride_min: FloatArray
    wait_min: FloatArray
    trains_per_day: FloatArray
    mean_min: FloatArray
    all_trains_per_day: FloatArray
    first_departure_min: FloatArray
    last_departure_min: FloatArray
    option_min: FloatArray
    option_board: IntArray
    option_alight: IntArray
    option_run: IntArray
    pair_start: IntArray
    worth_end: IntArray

    def options(self, from_index: int, to_index: int, reading: str) -> IntArray:
        """Return the numbers of the options taken: the set worth boarding (`typical`) or all as fast as the fastest."""
        pair = from_index * len(self.runs.station_ids) + to_index
        start = self.pair_start[pair]
        if reading == "typical":
            return np.arange(start, self.worth_end[pair])
        of_pair = np.arange(start, self.pair_start[pair + 1])
        as_fast: IntArray = of_pair[self.option_min[of_pair] == self.option_min[start]]
        return as_fast

    def services_of(self, options: IntArray) -> tuple[str, ...]:
        """Return the services of options, fastest first, each once."""
        return tuple(dict.fromkeys(self.runs.service_ids[run] for run in self.option_run[options]))

    def trains_of(self, options: IntArray) -> float:
        """Return the trains per day of options together."""
        return float(self.runs.trains_per_day[self.option_run[options]].sum())

    def lines_of(self, options: IntArray) -> tuple[str, ...]:
        """Return the lines that the trains of options use, those of the fastest first, each once."""
        calls = zip(self.option_board[options], self.option_alight[options], strict=True)
        return tuple(dict.fromkeys(line for call in calls for line in self.runs.lines_between(*call)))


def solve_direct_rides(
    runs: ServiceRuns, *, wait_rule: str, wait_cap_min: float, wait_beyond_cap_share: float, service_day_min: float
) -> DirectRides:
    """Return the direct rides of every pair of stations under a wait rule (see the head of this file).

    A service that calls at a station twice is boarded at the later call and left at the earlier one, whichever is
    shorter. Frequencies are trains per minute of the service day.
    """
    count = len(runs.station_ids)
    pair, minutes, board, alight = _list_options(runs.first_call, runs.station, runs.arrive_min, runs.depart_min, count)
    minutes = np.round(minutes, 9)  # so that equal rides compare equal
    pair_start, order = _order_options(pair, minutes, count * count)
    minutes, board, alight = minutes[order], board[order], alight[order]
    run = np.repeat(np.arange(len(runs.service_ids)), np.diff(runs.first_call))[board]
    frequency = runs.trains_per_day[run] / service_day_min
    worth_end, ride, wait, trains = _choose_sets(
        pair_start, minutes, frequency, WAIT_ALPHA[wait_rule], wait_cap_min, wait_beyond_cap_share
    )
    _, mean, _, all_trains = _choose_sets(pair_start, minutes, frequency, WAIT_ALPHA["half_headway"], np.inf, 0.0)

    def square(values: FloatArray) -> FloatArray:
        values = values.reshape(count, count)
        values.setflags(write=False)
        return values

    starts = pair_start[:-1]
    served = pair_start[1:] > starts
    fastest = np.full(count * count, np.inf)
    fastest[served] = minutes[starts[served]]
    first, last = np.full((2, count * count), np.nan)
    if served.any():
        leaves = runs.depart_min[board]
        first[served] = np.fmin.reduceat(runs.first_departure_min[run] + leaves, starts[served])
        last[served] = np.fmax.reduceat(runs.last_departure_min[run] + leaves, starts[served])
    return DirectRides(
        runs=runs,
        fastest_min=square(fastest),
        ride_min=square(ride),
        wait_min=square(wait),
        trains_per_day=square(trains * service_day_min),
        mean_min=square(mean),
        all_trains_per_day=square(all_trains * service_day_min),
        first_departure_min=square(first),
        last_departure_min=square(last),
        option_min=minutes,
        option_board=board,
        option_alight=alight,
        option_run=run,
        pair_start=pair_start,
        worth_end=worth_end,
    )


@numba.njit(cache=True, nogil=True)
def _list_options(
    first_call: IntArray, station: IntArray, arrive_min: FloatArray, depart_min: FloatArray, count: int
) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
    """Return pair, minutes, boarding call and alighting call of every way to ride one train."""
    size = 0
    for run in range(len(first_call) - 1):
        calls = first_call[run + 1] - first_call[run]
        size += calls * (calls - 1) // 2
    pair = np.empty(size, np.int64)
    minutes = np.empty(size, np.float64)
    board = np.empty(size, np.int64)
    alight = np.empty(size, np.int64)
    reached_from = np.full(count, -1, np.int64)  # the boarding call from which a station was last reached
    found = 0
    for run in range(len(first_call) - 1):
        for on in range(first_call[run], first_call[run + 1]):
            for off in range(on + 1, first_call[run + 1]):
                if station[off] == station[on]:
                    break  # the train is back where it was boarded: board it there
                if reached_from[station[off]] == on:
                    continue  # got off here before
                reached_from[station[off]] = on
                pair[found] = station[on] * count + station[off]
                minutes[found] = arrive_min[off] - depart_min[on]
                board[found] = on
                alight[found] = off
                found += 1
    return pair[:found], minutes[:found], board[:found], alight[:found]


@numba.njit(cache=True, nogil=True)
def _order_options(pair: IntArray, minutes: FloatArray, pairs: int) -> tuple[IntArray, IntArray]:
    """Return where each pair's options start, and the options by pair, then minutes, then as they are listed.

    Pairs by counting; the few options of a pair by insertion.
    """
    start = np.zeros(pairs + 1, np.int64)
    for option in range(len(pair)):
        start[pair[option] + 1] += 1
    start = np.cumsum(start)
    end = start[:-1].copy()
    order = np.empty(len(pair), np.int64)
    for option in range(len(pair)):
        place = end[pair[option]]
        end[pair[option]] += 1
        while place > start[pair[option]] and minutes[order[place - 1]] > minutes[option]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = option
    return start, order


@numba.njit(cache=True, nogil=True)
def _choose_sets(
    pair_start: IntArray,
    minutes: FloatArray,
    frequency: FloatArray,
    alpha: float,
    cap_min: float,
    beyond_cap_share: float,
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """Return for each pair the end of the set worth boarding, its ride, wait and frequency.

    Rides of 60 min 10 times a day and 70 min 41 times, alpha 1/2, 1020 min a day: the first alone takes 51 + 60 =
    111 min, both 10 + (600 + 2870) / 51 = 78.04 min. With a cap of 15 min and a share of 0 the first
    alone takes 75 min and is chosen.
    """
    pairs = len(pair_start) - 1
    end = pair_start[:-1].copy()
    ride = np.full(pairs, np.inf)
    wait = np.full(pairs, np.inf)
    set_frequency = np.zeros(pairs)
    for pair in range(pairs):
        best = np.inf
        together = 0.0
        weighted = 0.0
        for option in range(pair_start[pair], pair_start[pair + 1]):
            together += frequency[option]
            weighted += frequency[option] * minutes[option]
            option_wait = alpha / together
            if option_wait > cap_min:
                option_wait = cap_min + beyond_cap_share * (option_wait - cap_min)
            total = option_wait + weighted / together
            if total <= best + TIE_MIN:  # of equal sets the larger
                best = min(best, total)
                end[pair] = option + 1
                ride[pair] = weighted / together
                wait[pair] = option_wait
                set_frequency[pair] = together
    return end, ride, wait, set_frequency
