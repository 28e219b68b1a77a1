"""Which road class of this project an OpenStreetMap highway has, and the rows of road_classes.csv that a base lacks."""

from dataclasses import dataclass

import pandas as pd

from sim.network.schema import columns_of, frame_of

__all__ = ["CLASS_LIMITS_KMH", "HIGHWAYS", "Highway", "classes_with", "motorway_class"]


@dataclass(frozen=True)
class Highway:
    """What a value of OpenStreetMap's `highway` means here, and the speed limit where none is posted."""

    road_class: str
    limit_kmh: float


HIGHWAYS = {
    "motorway": Highway("motorway_100", 100),
    "trunk": Highway("trunk", 80),
    "primary": Highway("primary", 60),
    "secondary": Highway("secondary", 50),
    "tertiary": Highway("tertiary", 40),
    "motorway_link": Highway("motorway_80", 40),
    "trunk_link": Highway("trunk", 40),
    "primary_link": Highway("primary", 40),
    "secondary_link": Highway("secondary", 30),
    "tertiary_link": Highway("tertiary", 30),
}
"""The most important first. What is below tertiary is the streets that the land grid stands for."""

CLASS_LIMITS_KMH = {
    "motorway_120": 120.0,
    "motorway_100": 100.0,
    "motorway_80": 80.0,
    "urban_expressway": 80.0,
    "trunk": 80.0,
    "primary": 60.0,
    "secondary": 50.0,
    "tertiary": 40.0,
}
"""The speed limit that is usual on roads of a class; congestion.csv says what share of it is driven."""

_LAW = "the legal limit (JTG B01 classes, road traffic regulation Art. 45 and 78)"
_STREETS = "upper design speed of the standard CJJ 37-2012"
_ROWS = (
    ("motorway_120", "高速公路(限速120)", "motorway, limit 120 km/h", "motorway", "interchanges", _LAW, "medium"),
    ("motorway_100", "高速公路(限速100)", "motorway, limit 100 km/h", "motorway", "interchanges", _LAW, "medium"),
    ("motorway_80", "高速公路(限速80)", "motorway, limit 80 km/h", "motorway", "interchanges", _LAW, "medium"),
    ("urban_expressway", "城市快速路", "urban expressway, limit 80 km/h", "expressway", "interchanges", _LAW, "medium"),
    ("trunk", "国省干线公路", "trunk road, limit 80 km/h", "trunk", "anywhere", _LAW, "medium"),
    ("primary", "城镇主干道", "main road, limit 60 km/h", "trunk", "anywhere", _LAW, "medium"),
    ("secondary", "次干道", "secondary road, limit 50 km/h", "trunk", "anywhere", _STREETS, "low"),
    ("tertiary", "支路与乡道", "minor through road, limit 40 km/h", "trunk", "anywhere", _STREETS, "low"),
)
_ROW_DATE = "2026-11"


def motorway_class(limit_kmh: float) -> str:
    """Return the class of a motorway by its limit: 120 from 110 km/h, 100 from 90 km/h, else 80."""
    if limit_kmh >= 110:
        return "motorway_120"
    return "motorway_100" if limit_kmh >= 90 else "motorway_80"


def classes_with(base: pd.DataFrame) -> pd.DataFrame:
    """Return a table of road classes with every class an import can give: the base's own rows, then those it lacks."""
    names = ("road_class", "name", "name_en", "setting", "entered", "source", "confidence")
    rows = [
        dict(zip(names, row, strict=True)) | {"speed_kmh": CLASS_LIMITS_KMH[row[0]], "date": _ROW_DATE} for row in _ROWS
    ]
    lacking = [row for row in rows if row["road_class"] not in set(base["road_class"])]
    added = frame_of("road_classes", lacking)
    return pd.concat([base, added], ignore_index=True)[list(columns_of("road_classes"))] if len(base) else added
