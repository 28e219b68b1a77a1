"""Stage 4d, continued: the indicators of a scenario by city, and what masses they are weighted with.

Minutes between cities are those of city_times.csv, from municipal government seat to seat. Ends are the cities of one set:
who is left out of it changes every number, so the set stands in the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.measures.accessibility import (
    INTERNAL_SPEED_KMH,
    average_minutes,
    internal_minutes,
    minutes_matrix,
    potential_of_others,
    within_minutes,
)
from sim.measures.decay import DEFAULT_DECAYS, Decay, parse_decay
from sim.measures.nearest import NEAREST, minutes_to_nearest
from sim.measures.reach import MODES
from sim.network.network import Network
from sim.region.region import Region
from sim.scenario.scenario import Scenario
from sim.times.door_to_door import DoorToDoor
from sim.times.roads import place_node

__all__ = [
    "DEFAULT_CUTOFFS_MIN",
    "INDICATOR_COLUMNS",
    "Masses",
    "Modelled",
    "measure_indicators",
    "measure_one",
    "read_indicator",
    "read_masses",
]

INDICATOR_COLUMNS = (
    *("scenario", "year", "city_set", "city_id", "name", "name_en"),
    *("indicator", "mode", "value", "unit"),
)
DEFAULT_CUTOFFS_MIN = (60.0, 120.0, 180.0, 240.0)

Floats = npt.NDArray[np.float64]


class Modelled(Protocol):
    """A scenario that can be asked for minutes: a `Result` or a `ScenarioModel`."""

    @property
    def scenario(self) -> Scenario: ...  # noqa: D102
    @property
    def network(self) -> Network: ...  # noqa: D102
    @property
    def travel(self) -> DoorToDoor: ...  # noqa: D102
    @property
    def region(self) -> Region: ...  # noqa: D102


@dataclass(frozen=True)
class Masses:
    """What each city weighs, by city id, and what that is: people, or what the file of a planner holds."""

    name: str
    by_city: Mapping[str, float]


def measure_indicators(
    model: Modelled,
    *,
    city_set: str = "",
    masses: Masses | None = None,
    decays: Sequence[Decay] = DEFAULT_DECAYS,
    cutoffs_min: Sequence[float] = DEFAULT_CUTOFFS_MIN,
    internal_speed_kmh: float = INTERNAL_SPEED_KMH,
) -> pd.DataFrame:
    """Return the indicators of each city of a set, long, columns `INDICATOR_COLUMNS`.

    Parameters
    ----------
    model : a `Result`, or a `ScenarioModel`, which is quicker to have.
    city_set : origins and destinations; "" is every city.
    masses : what the destinations weigh, by default their people. Usual in Chinese studies is the square root of GDP x people;
        no sourced GDP comes with this program.
    decays : of the potentials.
    cutoffs_min : of daily accessibility and of the people within.
    internal_speed_kmh : of the self-potential (see `internal_minutes`).

    Returns
    -------
    DataFrame. Indicators by mode (best, rail, road): average_minutes; potential_others and potential_total for each decay;
    mass_within_<cutoff> (of other cities, seat to seat). Once: potential_self for each decay; people_within_<cutoff> (people of
    all cells, best mode); `NEAREST`. Minutes that do not exist are NaN.

    Raises
    ------
    InputError: no such city set, or a city of it without mass.
    """
    region, travel = model.region, model.travel
    cities = region.cities
    chosen = cities[cities["city_id"].isin(region.cities_of_set(city_set))] if city_set else cities
    ids, mass = list(chosen["city_id"]), masses or Masses("people", region.people_by("city_id").to_dict())
    weights = _weights_of(ids, mass)
    everywhere = _nodes_of(travel, cities)
    nodes = everywhere[cities["city_id"].isin(ids).to_numpy()]
    times = travel.city_times(list(cities["city_id"]), everywhere)
    area_km2 = np.array([region.cells_of(city_id).sum() * region.grid.cell_km2 for city_id in ids])
    found = _between_cities(times, ids, weights, mass.name, decays, cutoffs_min)
    internal = internal_minutes(area_km2, internal_speed_kmh)
    found = _with_self_potential(found, weights, internal, mass.name, decays)
    if cutoffs_min:
        people = travel.people_within(nodes, region.grid.population, sorted(cutoffs_min))
        for cutoff_min, column in zip(sorted(cutoffs_min), people.T, strict=True):
            found.append(_Column(f"people_within_{cutoff_min:g}", "best", "people", column))
    nearest = minutes_to_nearest(travel, model.network, region, nodes)
    found += [_Column(name, mode, "min", nearest[name]) for name, mode in NEAREST.items()]
    return _lengthen(found, chosen, model.scenario, city_set or "all cities")


def measure_one(model: Modelled, city_id: str, indicator: str, city_set: str = "") -> float:
    """Return one indicator of one city by the faster mode, NaN where it does not exist (see `measure_indicators`).

    Parameters
    ----------
    indicator : as `read_indicator` takes it.

    Raises
    ------
    InputError: there is no such indicator, or the city is not of the set.
    """
    decays, cutoffs_min = read_indicator(indicator)
    table = measure_indicators(model, city_set=city_set, decays=decays, cutoffs_min=cutoffs_min)
    mode = NEAREST.get(indicator, "best")
    name = _name_of(indicator, decays, cutoffs_min)
    rows = table[(table["city_id"] == city_id) & (table["indicator"] == name) & (table["mode"] == mode)]
    if rows.empty:
        raise InputError(f"indicator '{indicator}': '{city_id}' is not a city of the set '{city_set}'")
    return float(rows["value"].iloc[0])


def read_indicator(indicator: str) -> tuple[tuple[Decay, ...], tuple[float, ...]]:
    """Return the decay functions and the cut-offs that an indicator needs.

    >>> read_indicator("potential_others_power:1")
    ((Decay(kind='power', parameter=1.0),), ())
    >>> read_indicator("mass_within_120")
    ((), (120.0,))

    Raises
    ------
    InputError: there is no such indicator.
    """
    for start in ("potential_others_", "potential_total_"):
        if indicator.startswith(start):
            return (parse_decay(indicator.removeprefix(start)),), ()
    for start in ("mass_within_", "people_within_"):
        number = indicator.removeprefix(start)
        if indicator.startswith(start) and number.isdecimal() and int(number) > 0:
            return (), (float(number),)
    if indicator == "average_minutes" or indicator in NEAREST:
        return (), ()
    known = ("average_minutes", "potential_others_power:1", "potential_total_power:1", "mass_within_120", *NEAREST)
    raise InputError(f"no indicator '{indicator}'{did_you_mean(indicator, known) or '; there are ' + ', '.join(known)}")


def _name_of(indicator: str, decays: Sequence[Decay], cutoffs_min: Sequence[float]) -> str:
    """Return an indicator as tables name it: power:1.0 is power:1, and within_060 is within_60."""
    if decays:
        return f"{indicator.rpartition('_')[0]}_{decays[0]}"
    if cutoffs_min:
        return f"{indicator.rpartition('_')[0]}_{cutoffs_min[0]:g}"
    return indicator


@dataclass(frozen=True)
class _Column:
    """One indicator of all cities, (n_cities,)."""

    indicator: str
    mode: str
    unit: str
    values: Floats


def _between_cities(
    times: pd.DataFrame,
    ids: list[str],
    weights: Floats,
    mass: str,
    decays: Sequence[Decay],
    cutoffs_min: Sequence[float],
) -> list[_Column]:
    """Return the indicators that are made of minutes between cities, by mode."""
    found = []
    for mode in MODES:
        minutes = minutes_matrix(times, ids, f"{mode}_min")
        found.append(_Column("average_minutes", mode, "min", average_minutes(minutes, weights)))
        for decay in decays:
            others = potential_of_others(minutes, weights, decay)
            found.append(_Column(f"potential_others_{decay}", mode, _unit_of(decay, mass), others))
        for cutoff_min in sorted(cutoffs_min):
            within = within_minutes(minutes, weights, cutoff_min)
            found.append(_Column(f"mass_within_{cutoff_min:g}", mode, mass, within))
    return found


def _with_self_potential(
    found: list[_Column], weights: Floats, internal: Floats, mass: str, decays: Sequence[Decay]
) -> list[_Column]:
    """Return the indicators with the potential of each city itself, and the total of both, for each decay."""
    added = []
    for decay in decays:
        own = weights * decay.weights(internal)
        added.append(_Column(f"potential_self_{decay}", "", _unit_of(decay, mass), own))
        added += [
            _Column(f"potential_total_{decay}", column.mode, column.unit, column.values + own)
            for column in found
            if column.indicator == f"potential_others_{decay}"
        ]
    return found + added


def _unit_of(decay: Decay, mass: str) -> str:
    """Return the unit of a potential: a power leaves the minutes in it, the others do not."""
    return f"{mass} min^-{decay.parameter:g}" if decay.kind == "power" else mass


def _lengthen(columns: Sequence[_Column], cities: pd.DataFrame, scenario: Scenario, city_set: str) -> pd.DataFrame:
    """Return one row per indicator and city."""
    parts = [
        pd.DataFrame(
            {
                "scenario": scenario.scenario_id,
                "year": scenario.year,
                "city_set": city_set,
                "city_id": cities["city_id"].to_numpy(),
                "name": cities["name"].to_numpy(),
                "name_en": cities["name_en"].to_numpy(),
                "indicator": column.indicator,
                "mode": column.mode,
                "value": np.where(np.isfinite(column.values), column.values, np.nan),
                "unit": column.unit,
            }
        )
        for column in columns
    ]
    return pd.concat(parts, ignore_index=True)[list(INDICATOR_COLUMNS)]


def _weights_of(ids: list[str], masses: Masses) -> Floats:
    missing = [city_id for city_id in ids if city_id not in masses.by_city]
    if missing:
        raise InputError(f"masses '{masses.name}': no row for {', '.join(missing)}")
    return np.array([masses.by_city[city_id] for city_id in ids], dtype=np.float64)


def _nodes_of(travel: DoorToDoor, cities: pd.DataFrame) -> npt.NDArray[np.int32]:
    """Return the node of each city's seat."""
    points = zip(cities["lon"], cities["lat"], strict=True)
    return np.array([place_node(travel.graph, lon, lat) for lon, lat in points], dtype=np.int32)


def read_masses(path: Path, region: Region) -> Masses:
    """Read the masses of a planner: a CSV with the columns city_id and mass; its file name says what they are.

    Raises
    ------
    InputError: with everything that is wrong with the file.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise InputError(f"{path}: cannot be read as a table in UTF-8: {error}") from None
    missing = [name for name in ("city_id", "mass") if name not in frame]
    if missing:
        raise InputError([f"{path.name}: column '{name}' is missing{did_you_mean(name, frame)}" for name in missing])
    known = set(region.cities["city_id"])
    numbers = pd.to_numeric(frame["mass"], errors="coerce")
    problems = []
    for row, (city_id, text, number) in enumerate(zip(frame["city_id"], frame["mass"], numbers, strict=True), start=2):
        if city_id not in known:
            problems.append(f"{path.name} row {row}: no city '{city_id}'{did_you_mean(city_id, known)}")
        if not (np.isfinite(number) and number >= 0):
            problems.append(f"{path.name} row {row}: mass is '{text}', not a number from 0")
    repeated = frame["city_id"][frame["city_id"].duplicated()].unique()
    problems.extend(f"{path.name}: city_id '{city_id}' stands twice" for city_id in repeated)
    if problems:
        raise InputError(problems)
    return Masses(path.stem, dict(zip(frame["city_id"], numbers.astype(float), strict=True)))
