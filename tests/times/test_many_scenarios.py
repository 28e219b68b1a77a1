"""Many scenarios one after another share what they have in common, and each is still what it is by itself."""

import functools
import gc

import numpy as np
import pandas as pd
import pytest

import sim
from sim.model import solve_scenario_rides
from sim.times.running_time import hop_times

MATRICES = (
    *("fastest_min", "typical_min", "wait_min", "change_min", "changes", "trains_per_day"),
    *("first_departure_min", "last_departure_min", "mean_direct_min"),
)
N_SETS = 6


def forget_everything():
    """Empty every memory of the program, and tell how many there are."""
    memories = [
        each
        for each in gc.get_objects()
        if isinstance(each, functools._lru_cache_wrapper) and each.__module__.startswith("sim.")
    ]
    for memory in memories:
        memory.cache_clear()
    return len(memories)


def solve(study, scenario):
    network = study.network_of(scenario)
    hops = hop_times(network)
    return network, hops, solve_scenario_rides(network, hops, scenario)


@pytest.mark.real
@pytest.mark.parametrize("seed", [1, 2])
def test_a_scenario_among_many_has_the_tables_and_minutes_of_one_that_is_computed_alone(repository, seed):
    study = sim.read_study(repository / "scenarios" / "circles")
    random = np.random.default_rng(seed)
    full = study.scenario("all_2035")
    free = [project for project in full.projects if not study.projects[project].card.requires]
    bare = study.variant(full, remove=sorted(full.projects), year=int(random.choice([2020, 2027, 2035])))
    sets = [[project for project in free if random.random() < 0.5] for _ in range(N_SETS)]
    scenarios = [study.variant(bare, add=chosen) for chosen in sets]
    among_many = [solve(study, scenario) for scenario in scenarios]
    for scenario, (network, hops, rides) in zip(scenarios, among_many, strict=True):
        assert forget_everything() > 10
        own_network, own_hops, own_rides = solve(study, scenario)
        for name, table in own_network.tables.items():
            pd.testing.assert_frame_equal(network.tables[name], table, check_exact=True)
        pd.testing.assert_frame_equal(hops, own_hops, check_exact=True)
        pd.testing.assert_frame_equal(rides.station_times(), own_rides.station_times(), check_exact=True)
        for name in MATRICES:
            np.testing.assert_array_equal(getattr(rides, name), getattr(own_rides, name), err_msg=name)
    differ = {rides.total_min.tobytes() for _, _, rides in among_many}
    assert len(differ) == N_SETS  # else the sets would not tell one memory from another
