"""The assumptions of a study: every number that is a choice and not a fact, with its unit, range and reason."""

from typing import Any, Literal

from pydantic import Field

from sim.network.toml_files import Declared

__all__ = ["AccessMode", "Assumptions", "WaitRule", "describe_assumptions"]

AccessMode = Literal["car", "transit", "best"]
WaitRule = Literal["planned", "half_headway", "full_headway"]


class Assumptions(Declared):
    """What a scenario assumes; the same in every scenario unless its page says otherwise."""

    wait_rule: WaitRule = Field(
        "half_headway",
        description="wait for the first and every further train: none (the traveller aims at a train), half or the "
        "full headway of the services worth boarding",
    )
    wait_cap_min: float = Field(
        30,
        ge=0,
        le=240,
        description="waits up to this count in full; where trains are rarer people consult the timetable",
    )
    wait_beyond_cap_share: float = Field(
        0.25,
        ge=0,
        le=1,
        description="share of the wait beyond the cap that still counts: leaving at an hour that does not suit",
    )
    service_day_min: float = Field(1020, gt=0, le=1440, description="operating day, 06:30-23:30")
    station_time_min: float = Field(
        15, ge=0, le=90, description="street to train: security, gate closing 5 min before departure, platform"
    )
    arrival_time_min: float = Field(5, ge=0, le=60, description="train to street on arrival")
    access_mode: AccessMode = Field(
        "car",
        description="how people get to the first station and away from the last: by car, without a car (walking, bus, metro), "
        "or by whichever is fastest; car, because the way by road alone, with which rail is compared, is by car too",
    )
    access_limit_min: float = Field(
        100,
        ge=10,
        le=600,
        description="longest way to the first station and from the last: hardly anybody drives farther for a train inside "
        "this region, and a journey that is mostly a drive is not one by rail",
    )
    change_min: float = Field(20, ge=1, le=120, description="change inside a station where the table has no figure")
    max_changes: int = Field(3, ge=0, le=5, description="changes of train in one journey")
    surface_limit_min: float = Field(600, ge=180, le=1440, description="horizon of the travel-time surfaces")
    local_speed_kmh: float = Field(30, ge=4, le=80, description="local streets and lanes outside built-up cells")
    local_urban_speed_kmh: float = Field(20, ge=4, le=60, description="local streets in built-up cells")
    urban_density_per_km2: float = Field(5000, ge=100, le=50000, description="people per km² that make a cell built-up")
    local_detour: float = Field(1.3, ge=1, le=3, description="local way over straight distance")
    interchange_min: float = Field(1, ge=0, le=15, description="ramp and toll gate between a motorway and the streets")
    ferry_wait_cap_min: float = Field(60, ge=0, le=360, description="longest wait for a ferry")
    people_sample: int = Field(
        64,
        ge=8,
        le=4096,
        description="equal shares of an origin's people that stand for it in the door-to-door reading",
    )


def describe_assumptions(assumptions: Assumptions) -> list[dict[str, Any]]:
    """Return one row per assumption: name, value, default, description."""
    return [
        {
            "assumption": name,
            "value": getattr(assumptions, name),
            "default": field.default,
            "description": field.description,
        }
        for name, field in Assumptions.model_fields.items()
    ]
