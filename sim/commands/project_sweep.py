"""Stage 7: the same questions to many scenarios that differ from one in their projects."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from rich.progress import Progress

from sim.commands.values import Answers, Value, ask
from sim.executor import run_sweep
from sim.scenario.scenario import Scenario
from sim.study import Study

__all__ = ["ProjectSweep"]

ROAD_TABLES = {"roads", "ferries"}
FEWEST_ROADS = 3
"""Sets of roads from which on it pays to search on the base roads and repair for the others."""


@dataclass(frozen=True)
class ProjectSweep:
    """Asks scenarios that differ from one in their projects for the same values, here or on a cluster (`run_sweep`)."""

    study: Study
    base: Scenario
    values: tuple[Value, ...]
    scheduler: str | None = None
    threads: int | None = None

    def __call__(self, projects: frozenset[str]) -> Answers:
        """Return the values of the base with projects added."""
        scenario = self.study.variant(self.base, add=sorted(projects)) if projects else self.base
        return ask(self.study.model(scenario), self.values)

    def roads_of(self, projects: frozenset[str]) -> frozenset[str]:
        """Return the projects that alter roads; scenarios with the same ones share their road minutes."""
        changed = {p: {change.table for change in self.study.projects[p].changes} for p in projects}
        return frozenset(p for p, tables in changed.items() if tables & ROAD_TABLES)

    def evaluate(self, sets: Sequence[frozenset[str]], progress: Progress | None = None) -> list[Answers]:
        """Return the values of the base with each set of projects added, in their order."""
        task = progress.add_task("scenarios", total=len(sets)) if progress else None

        def tell(done: int, _of: int) -> None:
            if progress and task is not None:
                progress.update(task, completed=done)

        few_roads = len({self.roads_of(projects) for projects in sets}) < FEWEST_ROADS
        with nullcontext() if few_roads or self.scheduler else self.study.roads_beside(self.base):
            return run_sweep(
                self, sets, group_by=self.roads_of, scheduler=self.scheduler, report=tell, threads=self.threads
            )
