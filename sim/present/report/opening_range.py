"""Stage 5e: in which range of years a target is first met, as the projects it waits for may open early or late."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from sim.measures.result import Result
from sim.scenario.project import Project

__all__ = ["add_opening_range"]


def add_opening_range(
    first_years: pd.DataFrame, results: Sequence[Result], projects: Mapping[str, Project]
) -> pd.DataFrame:
    """Return the first years in which targets are met with the range in which that may be, columns earliest and latest.

    A target is met once the last of the projects has opened that the first scenario to meet it holds and the scenario
    before it does not: at the earliest, or latest, when they open at the early, or late, end of the ranges in their cards.
    Without such projects the range is the year itself.
    """
    ordered = sorted(results, key=lambda result: result.scenario.year)
    before = {later.scenario.scenario_id: earlier for earlier, later in pairwise(ordered)}
    rows = []
    for row in first_years.to_dict("records"):
        year, scenario_id = row["first_year"], row["first_scenario"]
        ends: tuple[Any, Any] = (year, year)
        if not pd.isna(year) and scenario_id in before:
            scenario = next(one.scenario for one in ordered if one.scenario.scenario_id == scenario_id)
            added = [
                projects[one].card.opens for one in set(scenario.projects) - set(before[scenario_id].scenario.projects)
            ]
            if added:
                early = max((opens.earliest or opens.central).year for opens in added)
                late = max((opens.latest or opens.central).year for opens in added)
                ends = (min(int(year), early), max(int(year), late))
        rows.append({**row, "earliest": ends[0], "latest": ends[1]})
    return pd.DataFrame(rows, columns=[*first_years.columns, "earliest", "latest"])
