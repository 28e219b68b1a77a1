"""Stage 7: what a comparison asks of every scenario: one number each, better when higher, by name.

    slack of a target in a reading           minutes by which it is met; below 0 it is missed
    slack of a rule of access                the same, of the seats or people that a rule asks for
    people within N minutes of a place       door to door, the faster of rail and road
    minutes from a city to a city set        the mean over their people, seat to seat, counted as minutes saved
    any indicator of a city                  as in indicators.csv; those in minutes are counted as minutes saved

Where there is no way at all, the horizon of the study (`surface_limit_min`) stands for the minutes, so that opening a way
counts as what it saves against that. How often it stood in is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from sim.errors import InputError, did_you_mean
from sim.measures.coverage import READING as RULE
from sim.measures.coverage import as_verdicts
from sim.measures.indicators import measure_one, read_indicator
from sim.measures.targets import READINGS
from sim.model import ScenarioModel
from sim.study import Study
from sim.times.roads import place_node

__all__ = ["Answers", "CityIndicator", "MeanMinutes", "PeopleWithin", "Slack", "Value", "ask", "read_values"]


@dataclass(frozen=True)
class Slack:
    """Minutes by which a target is met in one reading."""

    target_id: str
    reading: str

    @property
    def name(self) -> str:
        """Return what the value is called in tables."""
        return f"slack_min:{self.target_id}:{self.reading}"


@dataclass(frozen=True)
class PeopleWithin:
    """People within so many minutes of a place."""

    place_id: str
    cutoff_min: float

    @property
    def name(self) -> str:
        """Return what the value is called in tables."""
        return f"people:{self.place_id}:{self.cutoff_min:g}"


@dataclass(frozen=True)
class MeanMinutes:
    """Minutes from a city to the cities of a set, weighted by their people, with the sign of minutes saved."""

    city_id: str
    set_id: str

    @property
    def name(self) -> str:
        """Return what the value is called in tables."""
        return f"minutes_saved:{self.city_id}:{self.set_id}"


@dataclass(frozen=True)
class CityIndicator:
    """An indicator of a city among those of a set; of minutes, with the sign of minutes saved."""

    city_id: str
    indicator: str
    set_id: str

    @property
    def is_minutes(self) -> bool:
        """Whether less of it is better."""
        return self.indicator.startswith(("average_minutes", "nearest_"))

    @property
    def name(self) -> str:
        """Return what the value is called in tables."""
        return f"{'minutes_saved' if self.is_minutes else 'indicator'}:{self.city_id}:{self.indicator}"


Value = Slack | PeopleWithin | MeanMinutes | CityIndicator


@dataclass(frozen=True)
class Answers:
    """The values of one scenario, and those among them for which the horizon stood in."""

    values: dict[str, float]
    no_way: tuple[str, ...]


def ask(model: ScenarioModel, values: Sequence[Value]) -> Answers:
    """Return the values of one scenario by name."""
    slacks = [value for value in values if isinstance(value, Slack)]
    verdicts = _slack_by_target(model, slacks) if slacks else {}
    answers: dict[str, float] = {}
    no_way = []
    for value in values:
        if isinstance(value, PeopleWithin):
            answers[value.name] = _people(model, value)
            continue
        if isinstance(value, Slack):
            answer, reached = verdicts[value.target_id, value.reading]
        elif isinstance(value, CityIndicator):
            answer, reached = _indicator(model, value)
        else:
            answer, reached = _minutes_saved(model, value)
        answers[value.name] = answer
        if not reached:
            no_way.append(value.name)
    return Answers(answers, tuple(no_way))


def _slack_by_target(model: ScenarioModel, slacks: Sequence[Slack]) -> dict[tuple[str, str], tuple[float, bool]]:
    """Return the slack of targets by reading, and whether there is a way at all."""
    rules, targets = ([s for s in slacks if (s.reading == RULE) == is_rule] for is_rule in (True, False))
    tables = [as_verdicts(model.judge_coverage()[0])] if rules else []
    if targets:
        tables.append(model.judge({s.target_id: None for s in targets}, {s.reading: None for s in targets})[0])
    found = {}
    for row in chain.from_iterable(table.itertuples() for table in tables):
        reached = bool(np.isfinite(row.value_min))
        value_min = float(row.value_min) if reached else model.travel.limit_min
        found[str(row.target), str(row.reading)] = (float(row.limit_min) - value_min, reached)
    return found


def _indicator(model: ScenarioModel, value: CityIndicator) -> tuple[float, bool]:
    """Return an indicator, better when higher, and whether it exists; minutes without a way count as the horizon."""
    found = measure_one(model, value.city_id, value.indicator, value.set_id)
    if value.is_minutes:
        return -found if np.isfinite(found) else -model.travel.limit_min, bool(np.isfinite(found))
    return found, True


def _people(model: ScenarioModel, value: PeopleWithin) -> float:
    place = model.region.place(value.place_id)
    node = place_node(model.travel.graph, place.lon, place.lat)
    return float(model.travel.people_within([node], model.region.grid.population, [value.cutoff_min])[0, 0])


def _minutes_saved(model: ScenarioModel, value: MeanMinutes) -> tuple[float, bool]:
    """Return the mean minutes from a city to a set as a negative number, and whether all of its cities are reached."""
    cities = [city for city in model.region.cities_of_set(value.set_id) if city != value.city_id]
    times = model.city_times()
    minutes = times[times["from_id"] == value.city_id].set_index("to_id")["best_min"].reindex(cities)
    people = model.region.people_by("city_id").reindex(cities)
    filled = minutes.fillna(model.travel.limit_min)
    return -float(np.average(filled, weights=people)), bool(minutes.notna().all())


def read_values(
    study: Study,
    *,
    targets: Sequence[str] = (),
    readings: Sequence[str] = (),
    people: Sequence[str] = (),
    minutes: Sequence[str] = (),
    indicators: Sequence[str] = (),
) -> list[Value]:
    """Return the values that options of a command ask for; without any, those of every target in every reading.

    Parameters
    ----------
    targets, readings : ids; each target is asked for in each reading, in all of its own by default. A rule of access to the
        nearest may be named among the targets; it has no readings.
    people : "PLACE:MINUTES". minutes : "CITY" or "CITY:SET", the study's set by default.
    indicators : "CITY:INDICATOR" as in indicators.csv, of the study's set.

    Raises
    ------
    InputError: with every unknown name and every number that is none.
    """
    problems: list[str] = []
    values: list[Value] = []
    known, rules = study.file.targets, study.file.coverage
    asked_for = [*known, *rules]
    problems += [
        f"--target: no target '{name}'{did_you_mean(name, asked_for)}" for name in targets if name not in asked_for
    ]
    problems += [
        f"--reading: no reading '{name}'{did_you_mean(name, READINGS)}" for name in readings if name not in READINGS
    ]
    asked = targets or (() if people or minutes or indicators else tuple(known))
    for target_id in asked:
        if target_id in rules:
            values.append(Slack(target_id, RULE))
        own = known[target_id].readings if target_id in known else ()
        values += [Slack(target_id, reading) for reading in own if not readings or reading in readings]
    found = [_read_people(study, text, problems) for text in people]
    further = [_read_minutes(study, text, problems) for text in minutes]
    others = [_read_indicator(study, text, problems) for text in indicators]
    values += [value for value in (*found, *further, *others) if value is not None]
    if not values and not problems:
        problems.append("nothing to compare by: name a --target, --people PLACE:MINUTES, --minutes CITY or --indicator")
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(values))


def _read_people(study: Study, text: str, problems: list[str]) -> PeopleWithin | None:
    place_id, _, number = text.partition(":")
    places = study.region.places["place_id"]
    if place_id not in set(places):
        problems.append(f"--people: no place '{place_id}'{did_you_mean(place_id, places)}")
        return None
    try:
        cutoff_min = float(number)
    except ValueError:
        cutoff_min = 0.0
    if not 0 < cutoff_min <= 1440:
        problems.append(f"--people: '{text}': write PLACE:MINUTES, for example {place_id}:60")
        return None
    return PeopleWithin(place_id, cutoff_min)


def _read_minutes(study: Study, text: str, problems: list[str]) -> MeanMinutes | None:
    city_id, _, set_id = text.partition(":")
    cities, sets = set(study.region.cities["city_id"]), set(study.region.city_sets["set_id"].astype(str))
    set_id = set_id or study.file.city_set
    if city_id not in cities:
        problems.append(f"--minutes: no city '{city_id}'{did_you_mean(city_id, cities)}")
    if set_id not in sets:
        problems.append(f"--minutes: no city set '{set_id}'{did_you_mean(set_id, sets)}")
    return MeanMinutes(city_id, set_id) if city_id in cities and set_id in sets else None


def _read_indicator(study: Study, text: str, problems: list[str]) -> CityIndicator | None:
    city_id, _, indicator = text.partition(":")
    cities = set(study.region.cities_of_set(study.file.city_set)) if study.file.city_set else set()
    known = cities or set(study.region.cities["city_id"])
    if city_id not in known:
        problems.append(f"--indicator: no city '{city_id}' in the study's set{did_you_mean(city_id, known)}")
    try:
        read_indicator(indicator)
    except InputError as error:
        problems.extend(f"--indicator: {sentence}" for sentence in error.problems)
        return None
    return CityIndicator(city_id, indicator, study.file.city_set) if city_id in known else None
