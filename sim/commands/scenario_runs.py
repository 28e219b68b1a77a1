"""Stage 7: scenarios run and written, one after another here or side by side on the machines of a Dask cluster."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
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

COLUMNS = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@dataclass(frozen=True)
class WrittenScenario:
    """What is left of a scenario once its files are written: verdicts, folder, and which invariants failed."""

    verdicts: pd.DataFrame
    folder: Path
    faults: tuple[str, ...]


@dataclass(frozen=True)
class ScenarioRun:
    """Runs scenarios of a study and writes their files; can be sent to another process that sees the same folders."""

    study: Study
    outputs: Path
    maps: Literal["yes", "no"]
    read_s: float

    def __call__(
        self, scenario_id: str, *, report: Report = lambda _: None, executor: Executor | None = None
    ) -> WrittenScenario:
        """Run one scenario and write its files."""
        result = self.study.run(scenario_id, report=report)
        report("maps and files")
        before_s = {"reading": self.read_s}
        folder = write_result(result, self.outputs, maps=self.maps, executor=executor, before_s=before_s)
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
        task = progress.add_task("", total=len(scenario_ids) * (len(STAGES) + 1))

        def tell(scenario_id: str, stage: str) -> None:
            progress.update(task, description=f"{scenario_id}: {stage}", advance=1)

        with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("spawn")) as executor:
            return [run(name, report=partial(tell, name), executor=executor) for name in scenario_ids]


def _show_done(progress: Progress, task: object, done: int, _of: int) -> None:
    progress.update(task, completed=done)  # type: ignore[arg-type]
