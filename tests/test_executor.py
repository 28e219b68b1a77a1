"""Sweeps: the same answers in the same order on one thread, on several, and on a Dask cluster whose workers may die."""

import os
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.executor import PROCESSES, run_sweep


def sum_of_draws(seed):
    """An answer that any change of the order of its additions would alter in its last bits."""
    return float(np.random.default_rng(seed).normal(size=10_000).cumsum().sum())


def die_once(folder, item):
    """Kill the process that works on item 5 the first time, and count how often each item is begun."""
    with (Path(folder) / f"{item}.begun").open("a") as file:
        file.write("x")
    marker = Path(folder) / "died"
    if item == 5 and not marker.exists():
        marker.touch()
        os._exit(1)
    return sum_of_draws(item)


def count_calls(folder, item):
    """Answer an item and leave a mark for it."""
    with (Path(folder) / str(item)).open("a") as file:
        file.write("x")
    return sum_of_draws(item)


def fail_on_three(item):
    if item == 3:
        raise InputError(f"item {item} is bad")
    return item


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two worker processes on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


def test_answers_come_in_the_order_of_the_items():
    def slow_first(item):
        time.sleep(0.05 if item == 0 else 0.0)
        return item * 10

    assert run_sweep(slow_first, [0, 1, 2, 3], threads=2) == [0, 10, 20, 30]


def test_no_items_give_no_answers():
    assert run_sweep(sum_of_draws, []) == []


def test_one_thread_and_several_give_the_same_bits():
    items = list(range(20))
    expected = [sum_of_draws(item) for item in items]
    assert run_sweep(sum_of_draws, items, threads=1) == expected
    assert run_sweep(sum_of_draws, items, threads=4) == expected
    assert run_sweep(sum_of_draws, items, threads=4, group_by=lambda item: item % 3) == expected


def test_the_first_of_a_group_runs_alone_and_a_group_ends_before_the_next_begins():
    running, seen, lock = set(), [], threading.Lock()

    def watch(item):
        with lock:
            running.add(item)
            seen.append(frozenset(running))
        time.sleep(0.02)
        with lock:
            running.discard(item)

    run_sweep(watch, ["a1", "b1", "a2", "b2", "a3"], group_by=lambda item: item[0], threads=4)
    assert all(len({item[0] for item in together}) == 1 for together in seen)
    assert {"a1"} in seen
    assert {"b1"} in seen
    assert all(together in ({"a1"}, {"b1"}) for together in seen if together & {"a1", "b1"})


def test_progress_counts_every_item_once_and_ends_at_all():
    told = []
    run_sweep(sum_of_draws, range(5), report=lambda done, of: told.append((done, of)), threads=2)
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_an_item_that_fails_raises_its_own_error_and_ends_the_sweep():
    with pytest.raises(InputError, match="item 3 is bad"):
        run_sweep(fail_on_three, range(8), threads=2)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("sim.executor.CONNECT_TIMEOUT_S", 0.5)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:1'"):
        run_sweep(sum_of_draws, [1], scheduler="tcp://127.0.0.1:1")


def test_without_dask_the_message_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("sim.executor.import_module", missing)
    with pytest.raises(InputError, match=r"install it with: pip install 'sim\[distributed\]'"):
        run_sweep(sum_of_draws, [1], scheduler="tcp://127.0.0.1:1")


def test_a_cluster_gives_the_same_bits_in_the_same_order(cluster):
    items = list(range(12))
    told = []
    answers = run_sweep(
        sum_of_draws,
        items,
        scheduler=cluster.scheduler_address,
        group_by=lambda item: item % 4,
        report=lambda done, of: told.append((done, of)),
    )
    assert answers == [sum_of_draws(item) for item in items]
    assert [done for done, _ in told] == [3, 6, 9, 12]  # four groups of three


def test_processes_of_this_machine_give_the_same_bits_in_the_same_order_each_item_once(tmp_path):
    items, told = list(range(12)), []
    answers = run_sweep(
        partial(count_calls, tmp_path),
        items,
        scheduler=PROCESSES,
        group_by=lambda item: item % 5,
        report=lambda done, of: told.append((done, of)),
    )
    assert answers == [sum_of_draws(item) for item in items]
    assert told[-1] == (12, 12)
    assert [(tmp_path / str(item)).read_text() for item in items] == ["x"] * 12


def test_an_error_in_a_process_is_raised_here():
    with pytest.raises(InputError, match="item 3 is bad"):
        run_sweep(fail_on_three, range(5), scheduler=PROCESSES)


def test_equal_items_are_answered_each(cluster):
    assert run_sweep(sum_of_draws, [7, 7], scheduler=cluster.scheduler_address) == [sum_of_draws(7)] * 2


def test_an_error_on_a_worker_is_raised_here(cluster):
    with pytest.raises(InputError, match="item 3 is bad"):
        run_sweep(fail_on_three, range(5), scheduler=cluster.scheduler_address)


def test_a_worker_that_dies_loses_nothing_and_nothing_counts_twice(cluster, tmp_path):
    items = list(range(10))
    told = []
    answers = run_sweep(
        partial(die_once, tmp_path),
        items,
        scheduler=cluster.scheduler_address,
        report=lambda done, _of: told.append(done),
    )
    assert (tmp_path / "died").exists()
    assert len((tmp_path / "5.begun").read_text()) >= 2  # begun, killed, begun again
    assert answers == [sum_of_draws(item) for item in items]
    assert told == list(range(1, 11))
