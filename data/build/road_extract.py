"""Stage 1 of the roads: the main roads of the box out of the package text, as nodes and links."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from package_data import read_main_roads

KM_PER_DEGREE_LAT = 110.9  # at 31 N on the WGS84 ellipsoid
KM_PER_DEGREE_LON_EQUATOR = 111.32

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RawRoads:
    """Main roads as the package has them: straight links between junctions, true lengths, no class.

    Attributes
    ----------
    lonlat : shape (n_nodes, 2), WGS84 degrees, rounded to 0.001 by the package.
    start, end : shape (n_links,), rows of ``lonlat``, ``start < end``; every link is driven both ways.
    km : shape (n_links,), true length in km.
    """

    lonlat: FloatArray
    start: IntArray
    end: IntArray
    km: FloatArray


def plane_km(lonlat: FloatArray) -> FloatArray:
    """Kilometres east and north on a plane that is true at 31 N and within 4 % east-west in the box."""
    points = np.asarray(lonlat, dtype=float)
    scale = [KM_PER_DEGREE_LON_EQUATOR * np.cos(np.radians(31.0)), KM_PER_DEGREE_LAT]
    return np.asarray(points * scale)


def great_circle_km(one: FloatArray, other: FloatArray) -> FloatArray:
    """Great-circle km between rows of lon, lat (radius 6371.0 km)."""
    a, b = np.radians(one), np.radians(other)
    half = (
        np.sin((a[..., 1] - b[..., 1]) / 2) ** 2
        + np.cos(a[..., 1]) * np.cos(b[..., 1]) * np.sin((a[..., 0] - b[..., 0]) / 2) ** 2
    )
    return 2 * 6371.0 * np.arcsin(np.sqrt(half))


def read_raw_roads() -> RawRoads:
    """Return the roads of the box from the installed package ``scgraph-data``, nodes numbered from west to east."""
    frame = read_main_roads()
    starts = frame[["from_lon", "from_lat"]].to_numpy(dtype=float)
    ends = frame[["to_lon", "to_lat"]].to_numpy(dtype=float)
    lonlat, number = np.unique(np.vstack([starts, ends]), axis=0, return_inverse=True)
    number = number.reshape(2, -1)
    return RawRoads(lonlat, number.min(axis=0), number.max(axis=0), frame["km"].to_numpy(dtype=float))
