"""Stage 4n: minutes on planned lines, by stopping pattern, beside what officials project and what carries the difference.

Each pair is asked of the network with its project built, and with the projects that one requires. Planned lines take the
supplement of their reference class: the median of the lines delivered (central), the range of 80 % of them (low, high).
Lines that run keep their own. The minutes of a pattern are made of parts that add up:

    line_speed_min    every section at the speed of its line, or the train's highest if that is lower
    slow_places_min   sections and station throats below the speed of their line
    start_stop_min    accelerating and braking, at the stops and at slow places
    supplement_min    the running-time supplement, central case
    dwell_min         standing at the stops

The first three are the technical running time. Beside the cases stands what the same run takes when it is timed at 300
km/h, as nearly every train on the delivered lines for 350 is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from sim.errors import InputError, did_you_mean
from sim.measures.hindcast import check_columns
from sim.network.network import Network
from sim.scenario.apply import apply_projects
from sim.scenario.changes import Add
from sim.scenario.project import Project
from sim.times.line_paths import LinePaths, LineSection, limit_sections, line_sections, station_throats
from sim.times.running_time import line_supplements, reference_supplements
from sim.times.speed_profile import TrainClass, section_minutes

__all__ = ["BUILT_YEAR", "network_with", "planned_lines"]

BUILT_YEAR = 2045
"""A year in which every project can be built; nothing in the base opens or closes after 2026."""

PAIR_COLUMNS = ("project_id", "from_id", "to_id", "projection")
CASES = ("low", "central", "high")
ORDINARY_TIMING_KMH = 300.0
"""Speed for which the trains on lines permitted 350 km/h are timed: of the 2023 train list 33 of 396 on 京沪 are faster
than a train of 300 km/h could be, and none of the 143 on the other such lines (networks/yrd/README.md)."""
_Ways = tuple[tuple[LineSection, ...], ...]


@dataclass(frozen=True)
class _Pattern:
    """A way to run between two stations: its calls, the sections from call to call, the train class and who runs it."""

    calls: tuple[str, ...]
    ways: tuple[tuple[LineSection, ...], ...]
    train_class: str
    dwell_min: float
    services: tuple[str, ...] = ()
    trains_per_day: float = 0.0

    @property
    def kind(self) -> str:
        """`non_stop` or `with_stops`."""
        return "non_stop" if len(self.calls) == 2 else "with_stops"


def planned_lines(
    network: Network, projects: Mapping[str, Project], pairs: pd.DataFrame, published: pd.DataFrame
) -> pd.DataFrame:
    """Return the minutes of planned lines for the pairs that matter, by stopping pattern.

    Parameters
    ----------
    network: the base, without a date.
    pairs: project_id, from_id, to_id, which a service of that project's card serves, and projection: `yes` where
        published projections of the pair are about this project (`no`: they are about another way).
    published: as `data/observed/published_times.csv`; rows of kind `projection` are the official figures.

    Returns
    -------
    DataFrame
        One row a pair and pattern; `pattern` is `non_stop` (on the way of the project's fastest service; without
        services where the card has no such train) or `with_stops` (those of services of the card). project_id, project,
        from_id, from_name, to_id, to_name, pattern, stops (names), services, trains_per_day, train_class, km, the parts
        and their sums technical_min, low_min, central_min, high_min (low to high with dwells), timed_at_300_min (the
        central case of a train that is held to 300 km/h), fastest_as_served_min
        (the pair's fastest service of the card, central), official_min and official_high_min (lowest and highest
        projection), official_source, difference_min (central minus official_min), implied_supplement_percent (on the
        whole run, to keep to official_min), verdict, carried_by (the largest parts of the difference).

    Raises
    ------
    InputError: naming every pair whose project is not known or does not serve it.
    """
    check_columns(pairs, PAIR_COLUMNS, "planned pairs")
    problems: list[str] = []
    rows: list[dict[str, object]] = []
    for project_id, of_project in pairs.groupby("project_id", sort=False):
        if project_id not in projects:
            problems.append(f"planned_pairs.csv: no project '{project_id}'{did_you_mean(str(project_id), projects)}")
            continue
        built = _Built(network_with(network, projects, str(project_id)), set(network.lines["line_id"]))
        for from_id, to_id, projection in of_project[list(PAIR_COLUMNS[1:])].itertuples(index=False):
            patterns = _patterns(built.network, _services_of(projects[str(project_id)]), from_id, to_id, built)
            if not patterns:
                problems.append(f"planned_pairs.csv: no service of '{project_id}' runs from '{from_id}' to '{to_id}'")
                continue
            official = _official(published if projection == "yes" else published[:0], from_id, to_id)
            rows += _rows_of_pair(projects[str(project_id)], built, patterns, official)
    if problems:
        raise InputError(problems)
    return pd.DataFrame(rows)


def network_with(network: Network, projects: Mapping[str, Project], project_id: str) -> Network:
    """Return the network of `BUILT_YEAR` with one project built and the projects that it requires."""
    wanted, found = [project_id], dict[str, Project]()
    while wanted:
        name = wanted.pop()
        if name not in projects:
            raise InputError(f"no project '{name}', which '{project_id}' requires{did_you_mean(name, projects)}")
        if name not in found:
            found[name] = projects[name]
            wanted += list(projects[name].card.requires)
    return apply_projects(network, found.values(), year=BUILT_YEAR)


class _Built:
    """A network with a project, and what running times on it need."""

    def __init__(self, network: Network, base_lines: set[str]) -> None:
        self.network = network
        self.throats = station_throats(network.stations)
        self.paths = LinePaths(line_sections(network.lines, network.line_stops, network.date))
        self.line_speed = network.lines.set_index("line_id")["speed_kmh"].to_dict()
        self.names = network.stations.set_index("station_id")["name"].to_dict()
        self.supplements = {case: _supplements(network, base_lines, case) for case in CASES}


def _supplements(network: Network, base_lines: set[str], case: str) -> dict[str, float]:
    """Return the supplement of every line in percent; new lines take the low, median or high of their class."""
    own: dict[str, float] = line_supplements(network).to_dict()
    if case == "central":
        return own
    classes = reference_supplements(network.calibration, network.lines, date=network.date)
    lines = network.lines[~network.lines["line_id"].isin(base_lines)].set_index("line_id")
    for line, wanted in lines.loc[lines["supplement_percent"].isna(), "reference_class"].items():
        apart = (classes.index.astype(float) - float(wanted)).to_series(index=classes.index).abs()
        own[str(line)] = float(classes.loc[apart[::-1].idxmin(), case])  # of equally near classes the faster
    return own


def _services_of(project: Project) -> list[str]:
    return [change.key for change in project.changes if isinstance(change, Add) and change.table == "services"]


def _patterns(network: Network, service_ids: Iterable[str], from_id: str, to_id: str, built: _Built) -> list[_Pattern]:
    """Return the stopping patterns of services between two stations, fastest first, after the run without a stop."""
    found: dict[tuple[tuple[str, ...], _Ways, str, float], list[tuple[str, float]]] = {}
    services = network.services.set_index("service_id")
    for service_id in service_ids:
        calls = network.service_stops[network.service_stops["service_id"] == service_id].sort_values("sequence")
        row = services.loc[service_id]
        for ordered in (calls, calls[::-1] if row["both_directions"] == "yes" else calls[:0]):
            stations = ordered["station_id"].tolist()
            if from_id in stations and to_id in stations and stations.index(from_id) < stations.index(to_id):
                part = ordered.iloc[stations.index(from_id) : stations.index(to_id) + 1]
                stops = tuple(part["station_id"])
                dwell = float(part["dwell_min"].iloc[1:-1].sum())
                lines = tuple(row["lines"])
                ways = tuple(built.paths.path(lines, start, end) for start, end in pairwise(stops))
                key = (stops, ways, str(row["train_class"]), dwell)
                found.setdefault(key, []).append((service_id, float(row["trains_per_day"])))
    served = [
        _Pattern(calls, ways, train, dwell, tuple(s for s, _ in runs), sum(n for _, n in runs))
        for (calls, ways, train, dwell), runs in found.items()
    ]
    served.sort(key=lambda pattern: _central_min(pattern, built))
    if not served or served[0].kind == "non_stop":
        return served
    whole_way = tuple(section for way in served[0].ways for section in way)
    return [_Pattern((from_id, to_id), (whole_way,), served[0].train_class, 0.0), *served]


def _minutes(pattern: _Pattern, built: _Built, *, at_most_kmh: float = float("inf")) -> tuple[dict[str, float], float]:
    """Return technical minutes by line, and the minutes if every place were run at its limit."""
    train = TrainClass.from_table(built.network.train_classes, pattern.train_class)
    train = replace(train, max_speed_kmh=min(train.max_speed_kmh, at_most_kmh))
    by_line: dict[str, float] = {}
    at_limits = 0.0
    for way in pattern.ways:
        lines, pieces = limit_sections(way, built.throats)
        for line, minutes in zip(lines, section_minutes(train, pieces), strict=True):
            by_line[line] = by_line.get(line, 0.0) + minutes
        at_limits += sum(60.0 * piece.length_km / min(piece.limit_kmh, train.max_speed_kmh) for piece in pieces)
    return by_line, at_limits


def _central_min(pattern: _Pattern, built: _Built) -> float:
    by_line, _ = _minutes(pattern, built)
    return pattern.dwell_min + _supplemented(by_line, built.supplements["central"])


def _supplemented(by_line: Mapping[str, float], supplement_percent: Mapping[str, float]) -> float:
    return sum(minutes * (1.0 + supplement_percent[line] / 100.0) for line, minutes in by_line.items())


def _parts(pattern: _Pattern, built: _Built) -> dict[str, float]:
    """Return the parts of a pattern's minutes and its technical, low, central and high minutes."""
    by_line, at_limits = _minutes(pattern, built)
    top_speed = TrainClass.from_table(built.network.train_classes, pattern.train_class).max_speed_kmh
    sections = [section for way in pattern.ways for section in way]
    at_line_speed = sum(60.0 * s.km / min(built.line_speed[s.line_id], top_speed) for s in sections)
    technical = sum(by_line.values())
    with_supplement = {case: _supplemented(by_line, built.supplements[case]) for case in CASES}
    slower, _ = _minutes(pattern, built, at_most_kmh=ORDINARY_TIMING_KMH)
    return {
        "km": sum(section.km for section in sections),
        "line_speed_min": at_line_speed,
        "slow_places_min": at_limits - at_line_speed,
        "start_stop_min": technical - at_limits,
        "supplement_min": with_supplement["central"] - technical,
        "dwell_min": pattern.dwell_min,
        "technical_min": technical,
        **{f"{case}_min": minutes + pattern.dwell_min for case, minutes in with_supplement.items()},
        "timed_at_300_min": _supplemented(slower, built.supplements["central"]) + pattern.dwell_min,
    }


def _official(published: pd.DataFrame, from_id: str, to_id: str) -> pd.DataFrame:
    ends = {from_id, to_id}
    same = [{a, b} == ends for a, b in zip(published["from_id"], published["to_id"], strict=True)]
    return published[pd.Series(same, index=published.index) & (published["kind"] == "projection")]


def _rows_of_pair(
    project: Project, built: _Built, patterns: list[_Pattern], official: pd.DataFrame
) -> list[dict[str, object]]:
    parts = [_parts(pattern, built) for pattern in patterns]
    runs = [found["central_min"] for pattern, found in zip(patterns, parts, strict=True) if pattern.services]
    lowest = float(official["fastest_min"].min()) if len(official) else float("nan")
    rows = []
    for pattern, found in zip(patterns, parts, strict=True):
        rows.append(
            {
                "project_id": project.project_id,
                "project": project.card.name,
                "from_id": pattern.calls[0],
                "from_name": built.names[pattern.calls[0]],
                "to_id": pattern.calls[-1],
                "to_name": built.names[pattern.calls[-1]],
                "pattern": pattern.kind,
                "stops": "、".join(built.names[call] for call in pattern.calls[1:-1]),
                "services": ";".join(pattern.services),
                "trains_per_day": pattern.trains_per_day,
                "train_class": pattern.train_class,
                **found,
                "fastest_as_served_min": min(runs),
                "official_min": lowest,
                "official_high_min": float(official["fastest_min"].max()) if len(official) else float("nan"),
                "official_source": "; ".join(dict.fromkeys(official["what"] + ": " + official["source"])),
                **_judge(found, parts[0], lowest),
            }
        )
    return rows


def _judge(found: Mapping[str, float], non_stop: Mapping[str, float], official_min: float) -> dict[str, object]:
    """Return the difference from the official figure, the supplement it implies, a verdict and what carries it."""
    if pd.isna(official_min):
        empty = {"difference_min": float("nan"), "implied_supplement_percent": float("nan")}
        return {**empty, "verdict": "no official figure", "carried_by": ""}
    technical, dwell = found["technical_min"], found["dwell_min"]
    implied = 100.0 * ((official_min - dwell) / technical - 1.0)
    if implied < 0:
        verdict = "below the technical running time: cannot be run with these stops"
    elif official_min < found["low_min"]:
        verdict = "possible only with less supplement than nine in ten delivered lines"
    elif official_min <= found["high_min"]:
        verdict = "within the range of delivered lines"
    else:
        verdict = "slower than the range: leaves room for stops"
    stops = technical - non_stop["technical_min"] + dwell
    parts = {
        f"supplement {found['supplement_min']:.1f}": found["supplement_min"],
        f"stops {stops:.1f}": stops,
        f"slow places {non_stop['slow_places_min']:.1f}": non_stop["slow_places_min"],
        f"one start and stop {non_stop['start_stop_min']:.1f}": non_stop["start_stop_min"],
    }
    largest = sorted((name for name, size in parts.items() if size >= 0.5), key=lambda name: -parts[name])
    difference = found["central_min"] - official_min
    carried = f"{', '.join(largest)} min above {non_stop['line_speed_min']:.1f} at line speed" if difference > 0 else ""
    return {
        "difference_min": difference,
        "implied_supplement_percent": implied,
        "verdict": verdict,
        "carried_by": carried,
    }
