"""Last stage, the map as paper: degrees and metres of the ground to points on the sheet and back."""

from dataclasses import dataclass

import numpy as np
import shapely
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pyproj import Transformer

from sim.present.base_map import BaseMap, Extent, metres_per_mm
from sim.present.labels import Box
from sim.present.style import Language

__all__ = ["SAMPLE_STEP_PT", "Page", "open_page"]

# Distance on paper between the points of a line that names keep clear of.
SAMPLE_STEP_PT = 3.0
PT_PER_MM = 72.0 / 25.4


@dataclass(frozen=True)
class Page:
    """The axes as paper: points count from the lower left corner of the axes."""

    ax: Axes
    extent: Extent
    points_per_m: float
    projection: Transformer
    language: Language

    @property
    def frame(self) -> Box:
        """The whole of the axes."""
        return Box(0.0, 0.0, self.extent.width_m * self.points_per_m, self.extent.height_m * self.points_per_m)

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Point on paper of a place in degrees."""
        x_m, y_m = self.projection.transform(lon, lat)
        return (x_m - self.extent.west_m) * self.points_per_m, (y_m - self.extent.south_m) * self.points_per_m

    def invert(self, x_pt: float, y_pt: float) -> tuple[float, float]:
        """Metres of the CRS of a point on paper."""
        return self.extent.west_m + x_pt / self.points_per_m, self.extent.south_m + y_pt / self.points_per_m

    def sample(self, line_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) points on paper along a line, one for every `SAMPLE_STEP_PT`."""
        line_pt = (line_m - np.array([self.extent.west_m, self.extent.south_m])) * self.points_per_m
        line = shapely.linestrings(line_pt)
        length_pt = float(shapely.length(line))
        along_pt = np.arange(0.0, max(length_pt, SAMPLE_STEP_PT), SAMPLE_STEP_PT)
        return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(line, along_pt)))


def open_page(ax: Axes, base: BaseMap, extent: Extent, language: Language) -> Page:
    """Return the axes of a map as paper."""
    points_per_m = PT_PER_MM / metres_per_mm(ax, extent)
    return Page(ax, extent, points_per_m, Transformer.from_crs("EPSG:4326", base.crs, always_xy=True), language)
