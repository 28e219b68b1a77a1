"""Rail networks of a few stations for the tests: tables as the reader would give them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from sim.network.network import Network, NetworkFile
from sim.network.schema import TABLE_NAMES, convert_row, frame_of

SOURCED = {"source": "test", "confidence": "guess", "opening_date": "2000-01-01"}
# Half a metre per second squared both ways, at most 180 km/h, no resistance, power without end.
EVEN_TRAIN = {
    "train_class": "even",
    "name": "even",
    "mass_t": 100.0,
    "rotating_mass_share": 0.0,
    "power_kw": 30000.0,
    "start_acceleration_ms2": 0.5,
    "braking_ms2": 0.5,
    "max_speed_kmh": 180.0,
    "davis_a": 0.0,
    "davis_b": 0.0,
    "davis_c": 0.0,
}


def rail_network(
    lines: Mapping[str, Sequence[Any]],
    services: Mapping[str, tuple[list[str], list[str]]],
    *,
    stations: Mapping[str, Mapping[str, Any]] | None = None,
    supplements: Mapping[str, float | None] | None = None,
) -> Network:
    """Return a network of lines {id: [(station, km[, columns])]} and services {id: (lines, stops)}.

    Lines are limited to 180 km/h and have a supplement of 10 % unless `supplements` says otherwise.
    """
    stops = [
        {"line_id": line, "sequence": number, "station_id": stop[0], "chainage_km": stop[1]}
        | (dict(*stop[2:]) | SOURCED_STOP)
        for line, line_stops in lines.items()
        for number, stop in enumerate(line_stops, start=1)
    ]
    own = supplements or {}
    rows: dict[str, list[dict[str, Any]]] = {
        "stations": [
            {"station_id": name, "name": name, "name_en": name, "city_id": name, "lon": 120.0, "lat": 30.0}
            | SOURCED
            | dict((stations or {}).get(name, {}))
            for name in dict.fromkeys(stop["station_id"] for stop in stops)
        ],
        "lines": [
            {
                "line_id": line,
                "name": line,
                "name_en": line,
                "kind": "hsr",
                "design_speed_kmh": 180.0,
                "speed_kmh": 180.0,
            }
            | {"reference_class": "200", "supplement_percent": own.get(line, 10.0)}
            | SOURCED
            for line in lines
        ],
        "line_stops": stops,
        "train_classes": [EVEN_TRAIN | SOURCED],
        "services": [
            {"service_id": name, "lines": used, "train_class": "even", "trains_per_day": 1} | SOURCED
            for name, (used, _) in services.items()
        ],
        "service_stops": [
            {"service_id": name, "sequence": number, "station_id": station}
            for name, (_, called) in services.items()
            for number, station in enumerate(called, start=1)
        ],
    }
    tables = {name: _frame(name, rows.get(name, [])) for name in TABLE_NAMES}
    links = gpd.GeoDataFrame({"opening_date": pd.Series([], dtype="datetime64[s]")}, geometry=[], crs="EPSG:4326")
    file = NetworkFile.model_validate(
        {"name": "试验", "name_en": "test", "crs": "EPSG:32651"}
        | {"region": dict.fromkeys(("cells", "counties", "cities", "places", "city_sets"), Path("none"))}
    )
    return Network("test", file, Path(), tables, links, gpd.GeoDataFrame(geometry=[], crs="EPSG:4326"))


SOURCED_STOP = {"source": "test", "confidence": "guess"}


def _frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    problems: list[str] = []
    frame = frame_of(table, [convert_row(table, row, problems) for row in rows])
    assert not problems
    return frame
