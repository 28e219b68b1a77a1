"""Journeys with changes against a slow rewrite that prolongs every journey in every round."""

import numpy as np
import pandas as pd
import pytest

from sim.times.common_lines import TIE_MIN
from sim.times.journeys import build_change_links, solve_journeys

NOWHERE = np.inf


def slow_journeys(direct, links, max_changes):
    """All of every round: (minutes, [(via, link) of each round])."""
    count = len(direct)
    total, rounds = direct.copy(), []
    for _ in range(max_changes):
        before, total, taken = total, total.copy(), {}
        for start in range(count):
            for at in range(count):
                for end in range(count):
                    onward, link = NOWHERE, -1
                    for number, (arrives, leaves) in enumerate(zip(links.from_index, links.to_index, strict=True)):
                        minutes = links.minutes[number] + direct[leaves, end]
                        if arrives == at and minutes < onward - TIE_MIN:
                            onward, link = minutes, number
                    if before[start, at] + onward < total[start, end] - TIE_MIN and start != end:
                        total[start, end] = before[start, at] + onward
                        taken[start, end] = (at, link)
        rounds.append(taken)
    return total, rounds


@pytest.mark.parametrize("seed", range(6))
def test_prolonging_only_new_journeys_finds_what_prolonging_all_does(seed):
    random = np.random.default_rng(seed)
    count, max_changes = 7, 4
    direct = np.where(random.random((count, count)) < 0.3, random.integers(1, 9, (count, count)) * 5.0, NOWHERE)  # ties
    np.fill_diagonal(direct, NOWHERE)
    names = tuple("abcdefg")
    walks = pd.DataFrame({"from_station": ["a", "c"], "to_station": ["d", "f"], "minutes": [10.0, 5.0], "mode": "walk"})
    links = build_change_links(walks, names, change_min=5.0)
    found = solve_journeys(direct, links, max_changes=max_changes)
    total, rounds = slow_journeys(direct, links, max_changes)
    np.testing.assert_array_equal(found.total_min, total)
    n_taken = 0
    for via, taken in zip(found.via, rounds, strict=True):
        assert {(int(start), int(end)) for start, end in np.argwhere(via >= 0)} == set(taken)
        for (start, end), (at, link) in taken.items():
            assert (via[start, end], found.onward_link[at, end]) == (at, link)
            n_taken += 1
    assert n_taken > 0
