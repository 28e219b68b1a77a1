"""Stage 7: scenarios run and written, one after another here or side by side on the machines of a Dask cluster."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Literal

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sim.commands.verdicts import label_verdicts
from sim.executor import run_sweep
from sim.present.outputs import write_result
from sim.study import STAGES, Report, Study
from sim.times.scenario_roads import roads_key

__all__ = ["ScenarioRun", "WrittenScenario", "run_and_write"]

DRAWING_ROOM = "sim.present.map_jobs"
COLUMNS = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@dataclass(frozen=True)
class WrittenScenario:
    """What is left of a scenario once its files are written: verdicts, folder, and which invariants failed."""

    verdicts: pd.DataFrame
    folder: Path
    faults: tuple[str, ...]


@dataclass(frozen=True)
class ScenarioRun:
    """Runs scenarios of a study and writes their files; can be sent to another process that sees the same folders.

    Attributes
    ----------
    maps, map_places : whether to draw, and of which places only (None: of all).
    before_s : seconds of what came before the first scenario, by name; for run.json.
    """

    study: Study
    outputs: Path
    maps: Literal["yes", "no"]
    map_places: tuple[str, ...] | None = None
    before_s: Mapping[str, float] = field(default_factory=dict)

    def __call__(
        self, scenario_id: str, *, report: Report = lambda _: None, executor: Executor | None = None
    ) -> WrittenScenario:
        """Run one scenario and write its files."""
        result = self.study.run(scenario_id, report=report)
        report("files")
        folder = write_result(
            result,
            self.outputs,
            maps=self.maps,
            map_places=self.map_places,
            executor=executor,
            before_s=self.before_s,
            report=report,
        )
        faults = [f"{scenario_id}: {name}" for name, holds in result.invariants.items() if not holds]
        return WrittenScenario(label_verdicts(result.targets, result.scenario), folder, tuple(faults))

    def roads_of(self, scenario_id: str) -> str:
        """Return what tells the roads of scenarios apart; those with the same share their road minutes."""
        return roads_key(self.study.network_of(scenario_id), self.study.scenario(scenario_id).assumptions)


def run_and_write(
    run: ScenarioRun, scenario_ids: Sequence[str], *, console: Console, scheduler: str | None = None
) -> list[WrittenScenario]:
    """Run and write scenarios, in their order, and show how far it is.

    Parameters
    ----------
    scheduler : address of a Dask scheduler whose workers see the same folders as this process; scenarios on the same roads
        are one task. None runs them one after another here, with their maps drawn side by side.
    """
    with Progress(*COLUMNS, console=console) as progress:
        if scheduler is not None:
            task = progress.add_task(scheduler, total=len(scenario_ids))
            tell_done = partial(_show_done, progress, task)
            return run_sweep(run, scenario_ids, group_by=run.roads_of, scheduler=scheduler, report=tell_done)
        task = progress.add_task("", total=len(scenario_ids) * (len(STAGES) + 1 + (run.maps == "yes")))

        def tell(scenario_id: str, stage: str) -> None:
            progress.update(task, description=f"{scenario_id}: {stage}", advance=1)

        with _start_drawing(run.maps) as executor:
            return [run(name, report=partial(tell, name), executor=executor) for name in scenario_ids]


def _start_drawing(maps: Literal["yes", "no"]) -> ProcessPoolExecutor:
    """Return processes that draw; where there will be maps they enter the drawing room while the first numbers are computed."""
    count = os.cpu_count() or 1
    can_fork = "forkserver" in get_all_start_methods()
    context = get_context("forkserver" if can_fork else "spawn")
    executor = ProcessPoolExecutor(max_workers=count, mp_context=context)
    if maps == "yes":
        if can_fork:
            context.set_forkserver_preload([DRAWING_ROOM])  # entered once, for all of them
        executor.submit(import_module, DRAWING_ROOM)
    return executor


def _show_done(progress: Progress, task: object, done: int, _of: int) -> None:
    progress.update(task, completed=done)  # type: ignore[arg-type]
