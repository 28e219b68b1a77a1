"""Stage 1: a network is a set of frozen tables; which rows of them are open is decided by a date."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
from pydantic import field_validator

from sim.errors import InputError
from sim.network.checks import check_tables
from sim.network.schema import TABLE_NAMES, check_references, frame_of, raise_if, read_table
from sim.network.toml_files import Declared, read_toml

__all__ = ["Network", "NetworkFile", "RegionFiles", "read_network"]

NEEDED_TABLES = ("stations", "lines")
DATED_TABLES = ("lines", "services", "roads", "ferries", "metros", "changes")


class RegionFiles(Declared):
    """Where the land, the people and the places of a network are; paths relative to network.toml."""

    cells: Path
    counties: Path
    cities: Path
    places: Path
    city_sets: Path
    land: Path | None = None


class NetworkFile(Declared):
    """The keys of network.toml."""

    name: str
    name_en: str
    crs: str
    description: str = ""
    region: RegionFiles
    roads: Path | None = None
    sources: tuple[str, ...] = ()

    @field_validator("crs")
    @classmethod
    def _projected(cls, value: str) -> str:
        try:
            crs = pyproj.CRS.from_user_input(value)
        except pyproj.exceptions.CRSError:
            raise ValueError("is not a coordinate reference system that PROJ knows") from None
        if not crs.is_projected:
            raise ValueError("must be a projected, equal-area coordinate reference system in metres")
        return value


@dataclass(frozen=True)
class Network:
    """The tables of a network as of a date (None = every row, open or not).

    Tables are DataFrames keyed by the names in `sim/network/tables/`; treat them as read-only: changes make new
    networks (`with_tables`). Road links and nodes are the surveyed network (OpenStreetMap) from which the authored
    `roads` branch off.
    """

    network_id: str
    file: NetworkFile
    folder: Path
    tables: Mapping[str, pd.DataFrame]
    road_links: gpd.GeoDataFrame
    road_nodes: gpd.GeoDataFrame
    date: pd.Timestamp | None = None
    stations: pd.DataFrame = field(init=False, repr=False)
    lines: pd.DataFrame = field(init=False, repr=False)
    line_speeds: pd.DataFrame = field(init=False, repr=False)
    line_stops: pd.DataFrame = field(init=False, repr=False)
    train_classes: pd.DataFrame = field(init=False, repr=False)
    services: pd.DataFrame = field(init=False, repr=False)
    service_stops: pd.DataFrame = field(init=False, repr=False)
    changes: pd.DataFrame = field(init=False, repr=False)
    calibration: pd.DataFrame = field(init=False, repr=False)
    road_classes: pd.DataFrame = field(init=False, repr=False)
    congestion: pd.DataFrame = field(init=False, repr=False)
    roads: pd.DataFrame = field(init=False, repr=False)
    road_points: pd.DataFrame = field(init=False, repr=False)
    ferries: pd.DataFrame = field(init=False, repr=False)
    transit: pd.DataFrame = field(init=False, repr=False)
    metros: pd.DataFrame = field(init=False, repr=False)
    _dated: dict[pd.Timestamp, "Network"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Freeze the mapping of tables and give each table its attribute."""
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        for name in TABLE_NAMES:
            object.__setattr__(self, name, self.tables[name])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the network was made from: a frozen mapping cannot be pickled, and the rest follows from it."""
        made_from = {part.name: getattr(self, part.name) for part in fields(self) if part.init}
        return _remake, (made_from | {"tables": dict(self.tables)},)

    @property
    def crs(self) -> str:
        """The equal-area projected coordinate reference system of all areas and distances."""
        return self.file.crs

    def with_tables(self, **tables: pd.DataFrame) -> "Network":
        """Return a network in which the named tables are replaced."""
        return replace(self, tables={**self.tables, **tables})

    def as_of(self, date: "str | pd.Timestamp") -> "Network":
        """Return the network as it is open on a date.

        Kept are the lines, services, roads, ferries, metros and changes that have opened and not closed; a service also needs
        all its lines and stations open. Line speeds are those permitted on that date. Stations stay in the table:
        one without trains does nothing.
        """
        day = pd.Timestamp(date)
        if day not in self._dated:
            self._dated[day] = self._open_on(day)
        return self._dated[day]

    def _open_on(self, day: pd.Timestamp) -> "Network":
        """Return what `as_of` remembers: many scenarios of a study ask for the same few days."""
        tables = dict(self.tables)
        for name in DATED_TABLES:
            tables[name] = open_on(tables[name], day)
        tables["lines"] = _with_speeds_of(tables["lines"], self.line_speeds, day)
        tables["line_stops"] = _having(tables["line_stops"], "line_id", tables["lines"]["line_id"])
        tables["services"] = _runnable(tables["services"], self.service_stops, tables["lines"], self.stations, day)
        tables["service_stops"] = _having(self.service_stops, "service_id", tables["services"]["service_id"])
        tables["road_points"] = _having(self.road_points, "road_id", tables["roads"]["road_id"])
        return replace(self, tables=tables, road_links=open_on(self.road_links, day), date=day)


def _remake(made_from: dict[str, Any]) -> Network:
    return Network(**made_from)


def read_network(folder: "Path | str") -> Network:
    """Read and check a network folder: network.toml, one CSV per table, and the road links it names.

    Raises
    ------
    InputError: with every problem found in any of its files.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such network folder")
    file = read_toml(folder / "network.toml", NetworkFile)
    problems: list[str] = []
    tables: dict[str, pd.DataFrame] = {}
    faulty: set[str] = set()
    for name in TABLE_NAMES:
        found: list[str] = []
        tables[name] = _read_one(folder / f"{name}.csv", name, found)
        faulty |= {name} if found else set()
        problems.extend(found)
    problems.extend(check_references(tables, faulty=faulty))
    raise_if(problems or check_tables(tables))
    links, nodes = _read_roads(folder, file, problems)
    raise_if(problems)
    return Network(folder.name, file, folder, tables, links, nodes)


def _read_one(path: Path, name: str, problems: list[str]) -> pd.DataFrame:
    """Read one table; only stations and lines must be there, and must have rows."""
    if not path.exists():
        if name in NEEDED_TABLES:
            problems.append(f"{path}: file is missing")
        return frame_of(name, [])
    table = read_table(path, name, problems)
    if table.empty and name in NEEDED_TABLES and not problems:
        problems.append(f"{path.name}: has no rows; a network needs at least one of its {name}")
    return table


def open_on(frame: Any, day: pd.Timestamp) -> Any:
    """Return the rows that have opened by a day and not closed; an empty date does not limit."""
    is_open = frame["opening_date"].isna() | (frame["opening_date"] <= day)
    if "closing_date" in frame:
        is_open &= frame["closing_date"].isna() | (frame["closing_date"] > day)
    return frame[is_open].reset_index(drop=True)


def _having(frame: pd.DataFrame, column: str, values: "pd.Series[Any]") -> pd.DataFrame:
    return frame[frame[column].isin(set(values))].reset_index(drop=True)


def _with_speeds_of(lines: pd.DataFrame, line_speeds: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Put the speed permitted on a day into the lines: the earliest former speed that still held, else today's."""
    former = line_speeds[line_speeds["until_date"] > day].sort_values("until_date")
    speeds = former.drop_duplicates("line_id").set_index("line_id")["speed_kmh"]
    return lines.assign(speed_kmh=lines["line_id"].map(speeds).fillna(lines["speed_kmh"]).astype("float64"))


def _runnable(
    services: pd.DataFrame,
    service_stops: pd.DataFrame,
    lines: pd.DataFrame,
    stations: pd.DataFrame,
    day: pd.Timestamp,
) -> pd.DataFrame:
    """Return the services whose lines and stations are all open on a day."""
    open_lines = set(lines["line_id"])
    on_open_lines = services["lines"].map(open_lines.issuperset).astype(bool)
    closed_stations = set(stations["station_id"]) - set(open_on(stations, day)["station_id"])
    calls_at_closed = service_stops[service_stops["station_id"].isin(closed_stations)]["service_id"]
    return services[on_open_lines & ~services["service_id"].isin(set(calls_at_closed))].reset_index(drop=True)


def _read_roads(folder: Path, file: NetworkFile, problems: list[str]) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Read the surveyed road links and nodes, or empty frames when the network names none."""
    links = gpd.GeoDataFrame(
        {"link_id": [], "from_node": [], "to_node": [], "km": [], "road_class": [], "structure": []}
        | {"opening_date": pd.Series([], dtype="datetime64[s]")},
        geometry=[],
        crs="EPSG:4326",
    )
    nodes = gpd.GeoDataFrame({"node_id": [], "entered": []}, geometry=[], crs="EPSG:4326")
    if file.roads is None:
        return links, nodes
    path = folder / file.roads
    if not path.exists():
        problems.append(f"{path}: file is missing (network.toml: roads)")
        return links, nodes
    links, nodes = gpd.read_file(path, layer="links"), gpd.read_file(path, layer="nodes")
    for name, frame, columns in (
        ("links", links, ("from_node", "to_node", "km", "road_class", "structure", "opening_date")),
        ("nodes", nodes, ("node_id", "entered")),
    ):
        if frame.crs is None:
            problems.append(f"{path.name}: layer '{name}' has no coordinate reference system")
        problems.extend(
            f"{path.name}: layer '{name}' has no column '{column}'" for column in columns if column not in frame
        )
    if not problems:
        links["opening_date"] = pd.to_datetime(links["opening_date"].replace("", None)).astype("datetime64[s]")
        links, nodes = links.to_crs("EPSG:4326"), nodes.to_crs("EPSG:4326")
    return links, nodes
