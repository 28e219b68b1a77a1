"""Last stage, the ground under every map: coast, water, study land, railways; prepared once and drawn many times."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio import Affine
from rasterio.features import rasterize

from sim.errors import InputError
from sim.present.style import COAST_COLOUR, DASHES, LINE_STYLES, OUTSIDE_COLOUR, SEA_COLOUR
from sim.region.grid import Grid

__all__ = [
    "BaseMap",
    "Extent",
    "draw_base",
    "draw_lines",
    "draw_stations",
    "extent_of",
    "prepare_base",
]

# On paper nothing finer than this can be seen, so outlines are simplified to it before they are drawn.
FINEST_DETAIL_MM = 0.05
# Lakes and islets smaller than this on paper are left out: they would be specks.
SMALLEST_WATER_MM2 = 0.25

Z_LAND, Z_SURFACE, Z_HATCH, Z_WATER, Z_COAST, Z_ROAD, Z_RAIL, Z_HEAVY, Z_NEW, Z_STATION, Z_PLACE, Z_LABEL = range(1, 13)


@dataclass(frozen=True)
class Extent:
    """A rectangle of the map in metres of its CRS."""

    west_m: float
    south_m: float
    east_m: float
    north_m: float

    @property
    def width_m(self) -> float:
        """From west to east."""
        return self.east_m - self.west_m

    @property
    def height_m(self) -> float:
        """From south to north."""
        return self.north_m - self.south_m

    def grown_to_shape(self, width_over_height: float, *, lean_east: float = 0.5) -> "Extent":
        """Return the smallest rectangle of that shape that holds this one; `lean_east` of the gained width goes east."""
        gained_x_m = max(0.0, self.height_m * width_over_height - self.width_m)
        gained_y_m = max(0.0, self.width_m / width_over_height - self.height_m)
        return Extent(
            self.west_m - (1 - lean_east) * gained_x_m,
            self.south_m - gained_y_m / 2,
            self.east_m + lean_east * gained_x_m,
            self.north_m + gained_y_m / 2,
        )


@dataclass(frozen=True)
class BaseMap:
    """Land and water in the CRS of the grid.

    Attributes
    ----------
    crs
        The grid's CRS.
    land, water
        Polygons in that CRS.
    is_study
        (rows, cols) cells of the study land.
    is_shore
        (rows, cols) cells that are no study land and whose middle lies in the sea or in water: next to study land they
        take its colour, so that it reaches the true coast; the polygons of land and water then cut it off there.
    west_m, north_m, cell_m
        Corner and cell size of the grid.
    """

    crs: str
    land: NDArray[np.object_]
    water: NDArray[np.object_]
    is_study: NDArray[np.bool_]
    is_shore: NDArray[np.bool_]
    west_m: float
    north_m: float
    cell_m: float

    def window(self, extent: Extent) -> tuple[slice, slice]:
        """Rows and columns of the cells that the extent touches."""
        rows, columns = self.is_study.shape
        first_row = int(np.clip(np.floor((self.north_m - extent.north_m) / self.cell_m), 0, rows))
        last_row = int(np.clip(np.ceil((self.north_m - extent.south_m) / self.cell_m), first_row, rows))
        first_column = int(np.clip(np.floor((extent.west_m - self.west_m) / self.cell_m), 0, columns))
        last_column = int(np.clip(np.ceil((extent.east_m - self.west_m) / self.cell_m), first_column, columns))
        return slice(first_row, last_row), slice(first_column, last_column)

    def study_inside(self, extent: Extent) -> NDArray[np.bool_]:
        """Study land among the cells that the extent touches."""
        return self.is_study[self.window(extent)]


def prepare_base(grid: Grid, *, land: gpd.GeoDataFrame, water: gpd.GeoDataFrame) -> BaseMap:
    """Project land and water to the grid's CRS and find its shore cells; do it once for all maps of a study.

    Raises
    ------
    InputError
        If `land` or `water` does not say its CRS, or if there is no land.
    """
    problems = [
        f"{name}: the layer has no CRS, so it cannot be placed on the map"
        for name, layer in (("land", land), ("water", water))
        if layer.crs is None
    ]
    if land.empty:
        problems.append("land: the layer has no polygon, so the coast cannot be drawn")
    if problems:
        raise InputError(problems)
    land_polygons = _project_polygons(land, grid.crs)
    water_polygons = _project_polygons(water, grid.crs)
    shape = grid.county.shape
    transform = Affine(grid.cell_m, 0.0, grid.west_m, 0.0, -grid.cell_m, grid.north_m)
    is_dry = rasterize(land_polygons, out_shape=shape, transform=transform, dtype=np.uint8).astype(bool)
    if len(water_polygons):
        is_dry &= ~rasterize(water_polygons, out_shape=shape, transform=transform, dtype=np.uint8).astype(bool)
    is_study = np.asarray(grid.county >= 0)
    return BaseMap(
        crs=grid.crs,
        land=land_polygons,
        water=water_polygons,
        is_study=is_study,
        is_shore=~is_dry & ~is_study,
        west_m=grid.west_m,
        north_m=grid.north_m,
        cell_m=grid.cell_m,
    )


def _project_polygons(layer: gpd.GeoDataFrame, crs: str) -> NDArray[np.object_]:
    polygons = shapely.get_parts(np.asarray(layer.geometry.to_crs(crs).array))
    valid = np.where(shapely.is_valid(polygons), polygons, shapely.make_valid(polygons))
    parts = shapely.get_parts(valid)
    return np.asarray(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def extent_of(bbox: tuple[float, float, float, float], crs: str) -> Extent:
    """Return the rectangle in the CRS that holds a box given as west, south, east, north in degrees WGS84."""
    transformer = Transformer.from_crs("EPSG:4326", CRS.from_user_input(crs), always_xy=True)
    return Extent(*transformer.transform_bounds(*bbox, densify_pts=21))


def outline_path(polygons: NDArray[np.object_], extent: Extent, *, tolerance_m: float) -> Path:
    """Return the outlines of polygons inside the extent as one compound path, holes turning the other way."""
    # Cut a little outside the frame, so that the cut edges are never seen.
    margin_m = 0.02 * extent.width_m
    box = (
        extent.west_m - margin_m,
        extent.south_m - margin_m,
        extent.east_m + margin_m,
        extent.north_m + margin_m,
    )
    seen = polygons[shapely.intersects(polygons, shapely.box(*box))]
    cut = shapely.clip_by_rect(shapely.simplify(seen, tolerance_m), *box)
    parts = shapely.get_parts(cut)
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)]
    vertices, codes = [np.zeros((0, 2))], [np.zeros(0, dtype=np.uint8)]
    for part in parts:
        oriented = shapely.geometry.polygon.orient(part)
        for ring in (oriented.exterior, *oriented.interiors):
            points = shapely.get_coordinates(ring)
            code = np.full(len(points), Path.LINETO, dtype=np.uint8)
            code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
            vertices.append(points)
            codes.append(code)
    return Path(np.concatenate(vertices), np.concatenate(codes))


def metres_per_mm(ax: Axes, extent: Extent) -> float:
    """Scale of the map: metres on the ground for one millimetre on paper."""
    figure = ax.get_figure(root=True)
    if figure is None:
        message = "the axes belong to no figure"
        raise ValueError(message)
    return extent.width_m / float(ax.get_position().width * figure.get_size_inches()[0] * 25.4)


def draw_base(ax: Axes, base: BaseMap, extent: Extent) -> PathPatch:
    """Draw sea, land outside the study, lakes and the coast; returns the patch of the land, to clip surfaces to."""
    ax.set_xlim(extent.west_m, extent.east_m)
    ax.set_ylim(extent.south_m, extent.north_m)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_facecolor(SEA_COLOUR)
    tolerance_m = FINEST_DETAIL_MM * metres_per_mm(ax, extent)
    land_path = outline_path(base.land, extent, tolerance_m=tolerance_m)
    land = PathPatch(land_path, facecolor=OUTSIDE_COLOUR, edgecolor="none", zorder=Z_LAND, gid="land")
    ax.add_artist(land)
    smallest_m2 = SMALLEST_WATER_MM2 * metres_per_mm(ax, extent) ** 2
    water_path = outline_path(base.water[shapely.area(base.water) > smallest_m2], extent, tolerance_m=tolerance_m)
    style = {"edgecolor": COAST_COLOUR, "joinstyle": "round"}
    ax.add_artist(PathPatch(water_path, facecolor=SEA_COLOUR, linewidth=0.2, zorder=Z_WATER, gid="water", **style))
    ax.add_artist(PathPatch(land_path, facecolor="none", linewidth=0.3, zorder=Z_COAST, gid="coast", **style))
    return land


def draw_lines(
    ax: Axes, sections: gpd.GeoDataFrame, base: BaseMap, *, kind_as: str | None = None, share: float = 1.0
) -> None:
    """Draw railway sections, or roads across the sea, each over its casing; new ones above all others.

    Parameters
    ----------
    sections
        Columns kind and status (existing or new), LineStrings with a CRS.
    kind_as
        Draw all as this kind of `LINE_STYLES` ("sea_road"), whatever their own kind.
    share
        Of the usual line widths.
    """
    if sections.empty:
        return
    projected = sections.to_crs(base.crs)
    for (kind, status), group in _group_by_style(projected, kind_as):
        width_pt, colour, casing_colour, casing_pt = LINE_STYLES[kind, status]
        width_pt, casing_pt = share * width_pt, share * casing_pt
        dashed = (kind, status) in DASHES
        level = Z_NEW if status == "new" else (Z_ROAD if kind == "sea_road" else Z_RAIL)
        paths = [shapely.get_coordinates(part) for part in shapely.get_parts(np.asarray(group.geometry.array))]
        # All casings of a kind lie under all its cores, so that crossing lines join instead of cutting each other.
        for step, (line_colour, line_pt) in enumerate(((casing_colour, width_pt + 2 * casing_pt), (colour, width_pt))):
            ax.add_collection(
                LineCollection(
                    paths,
                    colors=[to_rgba(line_colour)],
                    linewidths=line_pt,
                    linestyles=[(0.0, DASHES[kind, status])] if dashed and step else "solid",
                    capstyle="butt" if dashed and step else "round",
                    joinstyle="round",
                    zorder=level + 0.4 * step,
                    gid=f"{'casing' if step == 0 else 'line'}-{kind}-{status}",
                ),
                autolim=False,
            )


def _group_by_style(sections: gpd.GeoDataFrame, kind_as: str | None) -> list[tuple[tuple[str, str], gpd.GeoDataFrame]]:
    status = sections["status"]
    kind = sections["kind"] if kind_as is None else pd.Series(kind_as, index=sections.index)
    kind = kind.where((status != "new") | (kind == "sea_road"), "rail")
    groups = []
    # Minor kinds first: the main lines are drawn over them.
    for key in reversed(LINE_STYLES):
        chosen = (kind == key[0]) & (status == key[1])
        if chosen.any():
            groups.append((key, sections[chosen]))
    return groups


def draw_stations(ax: Axes, stations: pd.DataFrame, base: BaseMap, ranks: Sequence[str] = ("other", "main")) -> None:
    """Draw stations as rings, main ones larger and above the others."""
    transformer = Transformer.from_crs("EPSG:4326", base.crs, always_xy=True)
    for rank, size_pt, edge_pt in (("other", 1.5, 0.3), ("main", 2.7, 0.5)):
        if rank not in ranks:
            continue
        chosen = stations[stations["rank"] == rank]
        x_m, y_m = transformer.transform(chosen["lon"].to_numpy(), chosen["lat"].to_numpy())
        ax.plot(
            x_m,
            y_m,
            linestyle="none",
            marker="o",
            markersize=size_pt,
            markerfacecolor="white",
            markeredgecolor="#2a2f33",
            markeredgewidth=edge_pt,
            zorder=Z_STATION + (0.4 if rank == "main" else 0.0),
            gid=f"stations-{rank}",
            scalex=False,
            scaley=False,
        )
