"""Last stage, what lies over the surface of a map: railways, crossings, stations, places, names of waters."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

__all__ = ["Badge", "MapLayers", "Place"]


@dataclass(frozen=True)
class Badge:
    """A number on a line that a list under the map explains."""

    number: str
    line_m: NDArray[np.float64]
    colour: str


@dataclass(frozen=True)
class Place:
    """A point with its names: the origin of a map."""

    name: str
    name_en: str
    lon: float
    lat: float


@dataclass(frozen=True)
class MapLayers:
    """What lies over the surface, in WGS84; every layer may be missing.

    Attributes
    ----------
    rail
        Sections from `build_rail_sections`.
    sea_roads
        LineStrings of bridges, tunnels and ferries, column status (existing or new).
    stations
        Columns lon, lat, rank (main or other).
    places
        Columns name, name_en, lon, lat, rank (1 large, 2 usual, 3 small).
    water_names
        Columns name, name_en, lon, lat of seas, bays and lakes: set around that point if nothing else stands there.
    outline
        Lines along the inland border of an area, in the CRS of the map.
    badges
        Numbers on lines.
    """

    rail: gpd.GeoDataFrame | None = None
    sea_roads: gpd.GeoDataFrame | None = None
    stations: pd.DataFrame | None = None
    places: pd.DataFrame | None = None
    water_names: pd.DataFrame | None = None
    outline: BaseGeometry | None = None
    badges: tuple[Badge, ...] = ()
