"""Sweeps: one function over many items (scenarios, draws, years), here in threads or processes, or on a Dask cluster.

Where an answer is computed never changes it: an evaluation depends on its item alone, and answers come back in the
order of the items. So a sweep gives the same numbers bit for bit on one thread, on two, in processes and on a cluster.
"""

import gc
import os
import threading
import warnings
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeVar

from sim.errors import InputError

__all__ = ["PROCESSES", "Progress", "run_sweep"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Progress = Callable[[int, int], None]
"""Is told how many items are done, and of how many."""

PROCESSES = "processes"
"""In place of a scheduler's address: as many processes of this machine as it has cores."""
CONNECT_TIMEOUT_S = 10
PARTS_PER_PROCESS = 8
"""A group is handed to the processes in so many parts each, so that none waits long for the last one."""


def run_sweep(
    evaluate: Callable[[Item], Answer],
    items: Iterable[Item],
    *,
    group_by: Callable[[Item], Hashable] | None = None,
    scheduler: str | None = None,
    report: Progress = lambda _done, _of: None,
    threads: int | None = None,
) -> list[Answer]:
    """Return the answer to every item, in the order of the items.

    Parameters
    ----------
    evaluate : gives the answer to one item, and must depend on nothing else. In threads it is called by several at a
        time; for a cluster it and the items must be picklable (a function of a module, or `functools.partial` of one).
    group_by : items with the same group share work that is dear to make (the road minutes of scenarios on the same
        roads). In threads a group ends before the next begins, and its first item runs alone, so that what is shared is
        made once and only one group's is in memory. On a cluster a group is one task: no two workers make the same.
        Without it, every item is a group of its own on a cluster, and all are one group in threads that nobody waits for.
    scheduler : address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``; None runs in threads of this process. When
        a worker dies, the tasks it had are given to others; what had come back is neither lost nor counted twice.
        `PROCESSES` is for long sweeps on one machine whose work is mostly Python, of which threads do one step at a time:
        each process takes some seconds to begin and has all that is shared for itself.
    report : see `Progress`; called in this thread or another, never by two at once.
    threads : most at a time in this process; by default one a core.

    Raises
    ------
    InputError: the scheduler does not answer, or Dask is not installed.
    Exception: what `evaluate` raised, of the first item that failed; nothing more is begun then.
    """
    listed = list(items)
    groups = _grouped(listed, group_by)
    count = _Counter(len(listed), report)
    answers: list[Any] = [None] * len(listed)
    if scheduler == PROCESSES:
        _in_processes(evaluate, listed, groups, answers, count)
        return answers
    if scheduler is not None:
        _on_cluster(evaluate, listed, groups, answers, scheduler, count)
        return answers

    def fill(position: int) -> None:
        answers[position] = evaluate(listed[position])
        count.add(1)

    with ThreadPoolExecutor(max(1, threads or os.cpu_count() or 1)) as pool:
        for group in groups if group_by is not None else [list(range(len(listed)))]:
            alone = 1 if group_by is not None else 0
            for part in (group[:alone], group[alone:]):
                _finish([pool.submit(fill, position) for position in part])
    return answers


def _grouped(items: Sequence[Any], group_by: Callable[[Any], Hashable] | None) -> list[list[int]]:
    """Return the positions of the items of each group, groups in the order of their first items."""
    groups: dict[Hashable, list[int]] = {}
    for position, item in enumerate(items):
        groups.setdefault(position if group_by is None else group_by(item), []).append(position)
    return list(groups.values())


def _finish(futures: Sequence[Future[None]]) -> None:
    """Wait for all; when one fails, begin no more and raise what the first of them in order raised."""
    wait(futures, return_when=FIRST_EXCEPTION)
    failed = any(future.done() and not future.cancelled() and future.exception() for future in futures)
    if failed:
        for future in futures:
            future.cancel()
        wait(futures)
    for future in futures:
        if not future.cancelled():
            future.result()


def _in_processes(
    evaluate: Callable[[Any], Any],
    items: Sequence[Any],
    groups: Sequence[Sequence[int]],
    answers: list[Any],
    count: "_Counter",
) -> None:
    """Fill in the answers from processes of this machine, group after group; each process is sent the function once."""
    processes = max(1, min(os.cpu_count() or 1, len(items)))
    parts = [
        group[start : start + size]
        for group in groups
        for size in [-(-len(group) // (PARTS_PER_PROCESS * processes))]
        for start in range(0, len(group), size)
    ]
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_Received.take, initargs=(evaluate,)) as pool:
        part_of = {pool.submit(_evaluate_received, [items[k] for k in part]): part for part in parts}
        try:
            for future in as_completed(part_of):
                for position, answer in zip(part_of[future], future.result(), strict=True):
                    answers[position] = answer
                count.add(len(part_of[future]))
        finally:
            pool.shutdown(cancel_futures=True)  # after an error nothing more is begun


class _Received:
    """The function that this process was sent when it began."""

    evaluate: Callable[[Any], Any]

    @classmethod
    def take(cls, evaluate: Callable[[Any], Any]) -> None:
        cls.evaluate = staticmethod(evaluate)
        gc.freeze()  # what was sent stays to the end: looking for garbage in it takes a tenth of the time


def _evaluate_received(items: Sequence[Any]) -> list[Any]:
    return [_Received.evaluate(item) for item in items]


def _on_cluster(
    evaluate: Callable[[Any], Any],
    items: Sequence[Any],
    groups: Sequence[Sequence[int]],
    answers: list[Any],
    scheduler: str,
    count: "_Counter",
) -> None:
    """Fill in the answers from a Dask cluster, one task a group."""
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise InputError("--scheduler needs Dask; install it with: pip install 'sim[distributed]'") from error
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler!r}: {error}") from error
    with client, client.as_current():
        # Sent once and passed on between workers; made again from the scheduler's copy when a worker dies with it.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # a study of 20 MB, once
            shared = client.submit(_itself, evaluate, pure=False)
        # Not pure: equal items are still tasks of their own, and another sweep's answers are never taken for these.
        futures = [client.submit(_evaluate_group, shared, [items[k] for k in group], pure=False) for group in groups]
        position_of = {future.key: group for future, group in zip(futures, groups, strict=True)}
        for future in distributed.as_completed(futures):
            group = position_of.pop(future.key)
            for position, answer in zip(group, future.result(), strict=True):
                answers[position] = answer
            count.add(len(group))


def _itself(value: Any) -> Any:
    return value


def _evaluate_group(evaluate: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Answer the items of a group one after another, where they share what they share."""
    return [evaluate(item) for item in items]


class _Counter:
    """Counts what is done and tells it, one teller at a time."""

    def __init__(self, total: int, report: Progress) -> None:
        self._total, self._report, self._done = total, report, 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._report(self._done, self._total)
