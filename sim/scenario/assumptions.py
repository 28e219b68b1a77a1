"""The assumptions of a study: every number that is a choice and not a fact, with its unit, plausible range and reason."""

from typing import Any, Literal, get_args

from pydantic import Field

from sim.network.toml_files import Declared

__all__ = ["AccessMode", "Assumptions", "WaitRule", "describe_assumptions", "plausible_range"]

AccessMode = Literal["car", "transit", "best"]
WaitRule = Literal["planned", "half_headway", "full_headway"]


def _number(
    default: float, unit: str, description: str, *, valid: tuple[float, float], plausible: tuple[float, float], why: str
) -> Any:
    """Return the field of a number.

    Parameters
    ----------
    valid : values outside are refused, as slips.
    plausible : what to vary it over in a test of sensitivity.
    why : where the plausible range comes from; "assumption: …" where no source is known.
    """
    low, high = plausible
    extra: dict[str, Any] = {"unit": unit, "low": low, "high": high, "why": why}
    return Field(default, ge=valid[0], le=valid[1], description=description, json_schema_extra=extra)


def _choice(default: str, description: str, *, why: str) -> Any:
    """Return the field of a choice; all that are allowed are plausible."""
    return Field(default, description=description, json_schema_extra={"unit": "", "why": why})


class Assumptions(Declared):
    """What a scenario assumes; the same in every scenario unless its page says otherwise."""

    wait_rule: WaitRule = _choice(
        "half_headway",
        "wait for the first and every further train: none (the traveller aims at a train), half or the full headway of the "
        "services worth boarding",
        why="assumption: between those who choose their train beforehand and those who come as their day allows",
    )
    wait_cap_min: float = _number(
        30,
        "min",
        "waits up to this count in full; where trains are rarer people consult the timetable",
        valid=(0, 240),
        plausible=(15, 60),
        why="assumption: half the headway of trains every half hour, every hour, every two hours",
    )
    wait_beyond_cap_share: float = _number(
        0.25,
        "share",
        "share of the wait beyond the cap that still counts: leaving at an hour that does not suit",
        valid=(0, 1),
        plausible=(0, 0.5),
        why="assumption: from a day that can be planned round the train to one of which half the lost time counts",
    )
    service_day_min: float = _number(
        1020,
        "min",
        "operating day, 06:30-23:30",
        valid=(60, 1440),
        plausible=(900, 1080),
        why="assumption: at most 06:00-24:00, because high-speed lines are closed for upkeep from 0 to 6; at least 07:00-22:00",
    )
    station_time_min: float = _number(
        15,
        "min",
        "kerb to departing train: the walk from the car or stop, security, the gate that closes 5 min before departure, the "
        "platform; minutes to find a parking place are not in it, nor anywhere else: people are dropped off",
        valid=(0, 90),
        plausible=(10, 30),
        why="assumption: from 5 min of walk and security before the gate closes to the half hour that those allow who must "
        "not miss it or have a car to park; changes.csv: 10-20 min are advised for changes inside large stations",
    )
    arrival_time_min: float = _number(
        5,
        "min",
        "arriving train to kerb: platform, gate, the walk to the car or stop",
        valid=(0, 60),
        plausible=(3, 10),
        why="assumption: 250-800 m at the 4.8 km/h of transit.csv",
    )
    access_mode: AccessMode = _choice(
        "car",
        "how people get to the first station and away from the last: by car, without a car (walking, bus, metro), or by "
        "whichever is fastest; car, because the way by road alone, with which rail is compared, is by car too",
        why="assumption: the share of each is not known for the region",
    )
    access_limit_min: float = _number(
        100,
        "min",
        "longest way to the first station and from the last: hardly anybody drives farther for a train inside this region, "
        "and a journey that is mostly a drive is not one by rail",
        valid=(10, 600),
        plausible=(60, 150),
        why="assumption: from the hour of a daily circle to a drive as long as most journeys by rail in the region",
    )
    change_min: float = _number(
        20,
        "min",
        "change inside a station where the table has no figure",
        valid=(1, 120),
        plausible=(10, 30),
        why="changes.csv: 10-15 min of walk and 20 advised in large stations; 30 is an assumption, for leaving and entering "
        "through security again",
    )
    max_changes: int = _number(
        3,
        "changes",
        "changes of train in one journey",
        valid=(0, 5),
        plausible=(1, 4),
        why="assumption: one as a connection is usually sold, four so that no journey by rail is lost",
    )
    surface_limit_min: float = _number(
        600,
        "min",
        "horizon of the travel-time surfaces",
        valid=(180, 1440),
        plausible=(300, 1440),
        why="changes no minutes within it: cells beyond are left blank; the longest class of the maps ends far below",
    )
    local_speed_kmh: float = _number(
        30,
        "km/h",
        "local streets and lanes outside built-up cells",
        valid=(4, 80),
        plausible=(20, 40),
        why="40 km/h is the limit on country roads without a centre line (road traffic regulation, Art. 45); 20 is an assumption",
    )
    local_urban_speed_kmh: float = _number(
        20,
        "km/h",
        "local streets in built-up cells, of which the share of the city in congestion.csv is driven",
        valid=(4, 60),
        plausible=(15, 30),
        why="30 km/h is the limit in city streets without a centre line (road traffic regulation, Art. 45); 15 is an assumption",
    )
    urban_density_per_km2: float = _number(
        5000,
        "people/km²",
        "people per km² that make a cell built-up",
        valid=(100, 50000),
        plausible=(1500, 10000),
        why="1,500 make an urban centre in the Degree of Urbanisation (Eurostat and others 2021); 10,000 is an assumption, "
        "inner cities only",
    )
    local_detour: float = _number(
        1.3,
        "ratio",
        "local way over straight distance",
        valid=(1, 3),
        plausible=(1.2, 1.45),
        why="1.26 in South Korea, 1.22-1.44 by province (Kim and others 2015, Journal of the Korean Society of Agricultural "
        "Engineers 57-4)",
    )
    interchange_min: float = _number(
        1,
        "min",
        "ramp and toll gate between a motorway and the streets",
        valid=(0, 15),
        plausible=(0.5, 3),
        why="assumption: from an electronic gate that is driven through at 20 km/h to a short queue at a booth",
    )
    ferry_wait_cap_min: float = _number(
        60,
        "min",
        "longest wait for a ferry",
        valid=(0, 360),
        plausible=(30, 120),
        why="assumption: where boats are rare people know when they sail, but an island's day has to suit them",
    )
    people_sample: int = _number(
        64,
        "shares",
        "equal shares of an origin's people that stand for it in the door-to-door reading",
        valid=(8, 4096),
        plausible=(32, 1024),
        why="accuracy of the calculation, not a choice about travel: more is finer and slower",
    )


def _notes_on(name: str) -> dict[str, Any]:
    """Return what is noted on an assumption: unit, why and, of numbers, low and high."""
    notes = Assumptions.model_fields[name].json_schema_extra
    assert isinstance(notes, dict)
    return dict(notes)


def plausible_range(name: str) -> tuple[float, float]:
    """Return the lowest and the highest plausible value of an assumption that is a number.

    >>> plausible_range("station_time_min")
    (10, 30)
    """
    notes = _notes_on(name)
    return notes["low"], notes["high"]


def describe_assumptions(assumptions: Assumptions) -> list[dict[str, Any]]:
    """Return one row per assumption: assumption, value, default, plausible, unit, description, why.

    ``plausible`` is text, such as "10-30" or "car, transit, best".
    """
    rows = []
    for name, field in Assumptions.model_fields.items():
        notes = _notes_on(name)
        plausible = f"{notes['low']:g}-{notes['high']:g}" if "low" in notes else ", ".join(get_args(field.annotation))
        rows.append(
            {
                "assumption": name,
                "value": getattr(assumptions, name),
                "default": field.default,
                "plausible": plausible,
                "unit": notes["unit"],
                "description": field.description,
                "why": notes["why"],
            }
        )
    return rows
