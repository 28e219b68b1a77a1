"""Stage 4e, continued: two scenarios side by side: every table and surface of the other against the base.

Saved is always base minus other, gained other minus base, so that what is better is positive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError
from sim.measures.difference import (
    SAME_MIN,
    changed_areas,
    classify_change,
    count_people_by_saving,
    mean_saving_by_group,
    minutes_saved,
)
from sim.measures.reach import MODES
from sim.measures.result import Result
from sim.measures.scenario_gap import ScenarioGap, find_gap, require_one_cause
from sim.region.grid import Grid
from sim.region.people import holders_of
from sim.region.region import Region
from sim.scenario.scenario import Scenario
from sim.times.door_to_door import Surfaces

__all__ = ["Comparison", "compare", "compare_city_times", "compare_station_times", "compare_targets"]

Classes = Mapping[str, npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Comparison:
    """What the other scenario changes against the base. Treat all of it as read-only.

    Attributes
    ----------
    gap : in what the two differ.
    grid, cutoffs_min : of both.
    saved : minutes saved to every cell by place, by best, rail and road; NaN where not reached in both.
    changes : class of every cell by place: "horizon" and "within_<cut-off>" (see `sim.measures.difference`).
    areas : newly reached and lost polygons by place.
    people_by_saving, reach, counties, cities : tables with a row per place and class, cut-off, county or city.
    city_times, station_times, targets : tables of minutes and slack in both, and the difference.
    """

    study_id: str
    base: Scenario
    other: Scenario
    gap: ScenarioGap
    grid: Grid
    cutoffs_min: tuple[float, ...]
    saved: Mapping[str, Surfaces]
    changes: Mapping[str, Classes]
    areas: Mapping[str, gpd.GeoDataFrame]
    people_by_saving: pd.DataFrame
    reach: pd.DataFrame
    counties: pd.DataFrame
    cities: pd.DataFrame
    city_times: pd.DataFrame
    station_times: pd.DataFrame
    targets: pd.DataFrame


def compare(base: Result, other: Result, *, several: Literal["refuse", "allow"] = "refuse") -> Comparison:
    """Return what the other scenario changes against the base.

    Parameters
    ----------
    several : "allow" compares scenarios that differ in more than one project, assumption or the year.

    Raises
    ------
    ScenarioError: they differ in more than one thing. InputError: they are not of one region.
    """
    _check_same_region(base, other)
    gap = find_gap(base.scenario, base.network, other.scenario, other.network, {**base.projects, **other.projects})
    if several == "refuse":
        require_one_cause(gap, base.scenario.scenario_id, other.scenario.scenario_id)
    grid, cutoffs = base.region.grid, base.cutoffs_min
    places = [place_id for place_id in base.surfaces if place_id in other.surfaces]
    pairs = {place_id: (base.surfaces[place_id], other.surfaces[place_id]) for place_id in places}
    return Comparison(
        study_id=base.study_id,
        base=base.scenario,
        other=other.scenario,
        gap=gap,
        grid=grid,
        cutoffs_min=cutoffs,
        saved={
            place_id: Surfaces(*(minutes_saved(getattr(a, mode), getattr(b, mode)) for mode in MODES))
            for place_id, (a, b) in pairs.items()
        },
        changes={place_id: _classify(a.best, b.best, grid, cutoffs) for place_id, (a, b) in pairs.items()},
        areas={place_id: changed_areas(a.best, b.best, grid, cutoffs) for place_id, (a, b) in pairs.items()},
        people_by_saving=_people_by_saving(pairs, grid),
        reach=_compare_reach(base.reach, other.reach),
        counties=_compare_counties(pairs, base.region),
        cities=_compare_cities(pairs, base.region),
        city_times=compare_city_times(base.city_times, other.city_times),
        station_times=compare_station_times(base.station_times, other.station_times),
        targets=compare_targets(base.targets, other.targets),
    )


def _check_same_region(base: Result, other: Result) -> None:
    a, b = base.region.grid, other.region.grid
    frames = [(grid.crs, grid.west_m, grid.north_m, grid.cell_m, grid.shape) for grid in (a, b)]
    if frames[0] != frames[1] or not np.array_equal(a.population, b.population):
        raise InputError(
            f"{base.study_id}/{base.scenario.scenario_id} and {other.study_id}/{other.scenario.scenario_id} "
            "are not of the same region: their cells or people differ"
        )


def _classify(
    base: npt.NDArray[np.float32], other: npt.NDArray[np.float32], grid: Grid, cutoffs_min: Sequence[float]
) -> dict[str, npt.NDArray[np.uint8]]:
    """Return the classes of the cells within the horizon and within each cut-off, water outside."""
    limits = {"horizon": np.inf} | {f"within_{cutoff:g}": cutoff for cutoff in cutoffs_min}
    before, after = (np.where(grid.is_land, minutes, np.nan) for minutes in (base, other))
    return {name: classify_change(before, after, limit) for name, limit in limits.items()}


def _people_by_saving(pairs: Mapping[str, tuple[Surfaces, Surfaces]], grid: Grid) -> pd.DataFrame:
    """Return people by minutes saved, by place and mode."""
    parts = []
    for place_id, (a, b) in pairs.items():
        for mode in MODES:
            part = count_people_by_saving(getattr(a, mode), getattr(b, mode), grid)
            part.insert(0, "mode", mode)
            part.insert(0, "place", place_id)
            parts.append(part)
    return _stack(parts, ("place", "mode", "class"))


def _compare_reach(base: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return reach.csv of both and the differences."""
    if base.empty or other.empty:
        return _stack([], ("place", "cutoff_min", "mode"))
    both = base.merge(other, on=["place", "cutoff_min", "mode"], suffixes=("_base", "_other"))
    counts = ("population", "area_km2", "n_cities", "n_counties")
    for name in counts:
        both[f"{name}_gained"] = both[f"{name}_other"] - both[f"{name}_base"]
    ordered = [f"{name}_{part}" for name in counts for part in ("base", "other", "gained")]
    return both[["place", "cutoff_min", "mode", *ordered]]


def _compare_counties(pairs: Mapping[str, tuple[Surfaces, Surfaces]], region: Region) -> pd.DataFrame:
    """Return winners and losers by county, the greatest gain first, for each place."""
    holders = holders_of(region.counties).drop_duplicates("county_index")
    names = holders[["adcode", "name", "name_en", "city_id"]].reset_index(drop=True)
    numbers = holders["county_index"].to_numpy(dtype=np.int64)
    return _winners(pairs, region.grid, region.grid.county, numbers, names)


def _compare_cities(pairs: Mapping[str, tuple[Surfaces, Surfaces]], region: Region) -> pd.DataFrame:
    """Return winners and losers by city, the greatest gain first, for each place."""
    names = region.cities[["city_id", "name", "name_en"]].reset_index(drop=True)
    groups = np.full(region.grid.shape, -1, dtype=np.int64)
    for number, city_id in enumerate(names["city_id"]):
        groups[region.cells_of(city_id)] = number
    return _winners(pairs, region.grid, groups, np.arange(len(names)), names)


def _winners(
    pairs: Mapping[str, tuple[Surfaces, Surfaces]],
    grid: Grid,
    groups: npt.NDArray[np.integer],
    numbers: npt.NDArray[np.int64],
    names: pd.DataFrame,
) -> pd.DataFrame:
    """Return the savings of groups of cells with their names, best mode, for each place."""
    parts = []
    n_groups = int(max(groups.max(), numbers.max())) + 1
    for place_id, (a, b) in pairs.items():
        savings = mean_saving_by_group(a.best, b.best, grid.population, groups, n_groups)
        part = pd.concat([names, savings.loc[numbers].reset_index(drop=True)], axis=1)
        part.insert(0, "place", place_id)
        parts.append(part.sort_values("mean_saved_min", ascending=False, kind="stable"))
    return _stack(parts, ("place", *names.columns))


def compare_city_times(base: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return the minutes between cities in both and what is saved, by road, by rail and by the faster of them."""
    both = base.merge(other, on=["from_id", "to_id"], suffixes=("_base", "_other"))
    table = both[["from_id", "to_id"]].copy()
    for mode in ("best", "rail", "road"):
        _put_side_by_side(table, mode, both[f"{mode}_min_base"], both[f"{mode}_min_other"])
    return table.assign(mode_base=both["mode_base"], mode_other=both["mode_other"])


def compare_station_times(base: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of stations whose minutes, changes or trains differ, or that have trains in one only.

    Returns
    -------
    DataFrame: from_id, to_id, change ("", "newly served", "no longer served"), fastest and service minutes (typical + wait) in
    both and saved, changes and trains_per_day in both.
    """
    both = base.merge(other, on=["from_id", "to_id"], how="outer", suffixes=("_base", "_other"), indicator=True)
    table = both[["from_id", "to_id"]].copy()
    served = {"both": "", "left_only": "no longer served", "right_only": "newly served"}
    table["change"] = both["_merge"].astype(str).map(served)
    service = {part: both[f"typical_min_{part}"] + both[f"wait_min_{part}"] for part in ("base", "other")}
    _put_side_by_side(table, "fastest", both["fastest_min_base"], both["fastest_min_other"])
    _put_side_by_side(table, "service", service["base"], service["other"])
    for name in ("changes", "trains_per_day"):
        for part in ("base", "other"):
            table[f"{name}_{part}"] = both[f"{name}_{part}"].astype("Int64" if name == "changes" else "float64")
    differs = (table[["fastest_saved_min", "service_saved_min"]].abs() > 0).any(axis=1) | (table["change"] != "")
    differs |= (both["changes_base"] != both["changes_other"]) & (table["change"] == "")
    differs |= (both["trains_per_day_base"] - both["trains_per_day_other"]).abs() >= SAME_MIN
    return table[differs].reset_index(drop=True)


def compare_targets(base: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts of both: value, slack, met, and what is gained; change is "newly met" or "no longer met"."""
    both = base.merge(other, on=["target", "reading", "limit_min"], suffixes=("_base", "_other"))
    table = both[["target", "reading", "limit_min"]].copy()
    _put_side_by_side(table, "value", both["value_min_base"], both["value_min_other"])
    table["slack_base_min"], table["slack_other_min"] = both["slack_min_base"], both["slack_min_other"]
    table["met_base"], table["met_other"] = both["met_base"].astype(bool), both["met_other"].astype(bool)
    gained = table["met_other"].astype(int) - table["met_base"].astype(int)
    table["change"] = gained.map({1: "newly met", 0: "", -1: "no longer met"})
    for part in ("base", "other"):
        table[f"binding_leg_{part}"] = both[f"binding_leg_{part}"]
        table[f"share_of_population_{part}"] = both[f"share_of_population_{part}"]
    table["share_of_population_gained"] = table["share_of_population_other"] - table["share_of_population_base"]
    return table


def _stack(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Return the parts as one table; a study without places still has the first columns."""
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))


def _put_side_by_side(table: pd.DataFrame, name: str, base: "pd.Series[float]", other: "pd.Series[float]") -> None:
    """Add minutes in the base, in the other, and saved to a table that is being made; 0 within `SAME_MIN`."""
    saved = base - other
    table[f"{name}_base_min"], table[f"{name}_other_min"] = base, other
    table[f"{name}_saved_min"] = saved.where(saved.abs() >= SAME_MIN, saved * 0.0 + 0.0)  # keeps NaN, drops -0
