"""Stage 5d: GeoTIFFs on the cells of the region, which other programs read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import from_origin

from sim.region.grid import Grid

__all__ = ["NODATA", "write_classes", "write_minutes"]

NODATA = -9999.0
Colour = tuple[int, int, int, int]


def write_minutes(
    path: Path, grid: Grid, bands: Mapping[str, npt.NDArray[np.floating]], tags: Mapping[str, str]
) -> None:
    """Write minutes as a GeoTIFF with one band per name; NaN and inf are nodata."""
    values = {
        name: np.where(np.isfinite(minutes), minutes, NODATA).astype(np.float32) for name, minutes in bands.items()
    }
    _write(path, grid, values, {"nodata": NODATA, "predictor": 3}, {**tags, "units": "minutes"})


def write_classes(
    path: Path,
    grid: Grid,
    bands: Mapping[str, npt.NDArray[np.uint8]],
    names: Mapping[int, str],
    colours: Mapping[int, Colour],
    nodata: int,
) -> None:
    """Write numbered classes as a GeoTIFF with one band per name; what the numbers mean and their colours are in it."""
    meaning = "; ".join(f"{number} = {name}" for number, name in names.items())
    _write(path, grid, bands, {"nodata": nodata, "predictor": 2}, {"classes": meaning}, colours)


def _write(
    path: Path,
    grid: Grid,
    bands: Mapping[str, npt.NDArray[Any]],
    profile: Mapping[str, Any],
    tags: Mapping[str, str],
    colours: Mapping[int, Colour] | None = None,
) -> None:
    rows, columns = grid.shape
    frame: dict[str, Any] = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": len(bands),
        "dtype": str(next(iter(bands.values())).dtype),
        "crs": rasterio.CRS.from_string(grid.crs),
        "transform": from_origin(grid.west_m, grid.north_m, grid.cell_m, grid.cell_m),
        "compress": "deflate",
        "zlevel": 1,  # half the time of the usual 6 for files a tenth larger
        "tiled": True,
    }
    with rasterio.open(path, "w", **frame, **profile) as file:
        for number, (name, values) in enumerate(bands.items(), start=1):
            file.write(values, number)
            file.set_band_description(number, name)
        if colours:
            file.write_colormap(1, dict(colours))
        file.update_tags(**tags)
