"""Last stage, the names on a map: cities and their dots, the origin, the minutes of heavy lines, seas and lakes."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from numpy.typing import NDArray
from pyproj import Transformer

from sim.present.base_map import Z_LABEL, Z_PLACE, BaseMap, Extent, metres_per_mm
from sim.present.labels import Box, Label, PlacedLabel, draw_labels, place_labels
from sim.present.scale import draw_graticule, draw_scale_and_north
from sim.present.style import INK_COLOUR, ORIGIN_COLOUR, WATER_NAME_COLOUR, Language, text_width_pt

__all__ = ["MapLayers", "Place", "draw_names"]

HEAVY_NAME_PT = 6.0
WATER_NAME_PT = (7.4, 5.4)
# Tried in turn when something stands where a water is to be named: moves in half widths and half heights of the name.
WATER_NAME_SHIFTS = ((0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.5), (0.0, -1.5), (1.5, 1.5), (-1.5, -1.5), (2.0, 0.0))
# Distance on paper between the points of a line that names keep clear of.
SAMPLE_STEP_PT = 3.0
# A heavy line shorter than this on paper goes without its minutes.
SHORTEST_NAMED_MM = 15.0
PT_PER_MM = 72.0 / 25.4
# Size of a place's dot in points by its rank.
DOT_SIZES_PT = {0: 9.0, 1: 4.2, 2: 3.2, 3: 2.6}


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
    """

    rail: gpd.GeoDataFrame | None = None
    sea_roads: gpd.GeoDataFrame | None = None
    stations: pd.DataFrame | None = None
    places: pd.DataFrame | None = None
    water_names: pd.DataFrame | None = None


@dataclass(frozen=True)
class _Page:
    """The axes as paper: turns degrees and metres of the CRS into points from the lower left corner of the axes."""

    ax: Axes
    extent: Extent
    points_per_m: float
    projection: Transformer
    language: Language

    @property
    def frame(self) -> Box:
        return Box(0.0, 0.0, self.extent.width_m * self.points_per_m, self.extent.height_m * self.points_per_m)

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Point on paper of a place."""
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


def draw_names(
    ax: Axes,
    base: BaseMap,
    extent: Extent,
    *,
    layers: MapLayers,
    origin: Place,
    heavy: dict[float, list[NDArray[np.float64]]],
    language: Language,
) -> list[PlacedLabel]:
    """Write every name on a map, after scale bar and degrees have taken their places; returns those of places."""
    points_per_m = PT_PER_MM / metres_per_mm(ax, extent)
    projection = Transformer.from_crs("EPSG:4326", base.crs, always_xy=True)
    page = _Page(ax, extent, points_per_m, projection, language)
    fixed = [draw_scale_and_north(ax, base, extent, axes_size_pt=(page.frame.right, page.frame.top))]
    fixed += draw_graticule(ax, base, extent, points_per_m=points_per_m, taken=fixed)
    labels = _list_labels(page, layers.places, origin)
    covered = np.concatenate(
        [
            np.zeros((0, 2)),
            *(page.sample(line) for lines in heavy.values() for line in lines),
            *_sample_lines(page, layers.rail, base.crs, only_new="yes"),
            *_sample_lines(page, layers.sea_roads, base.crs, only_new="no"),
        ]
    )
    placed = place_labels(
        labels,
        frame=page.frame,
        obstacles=fixed,
        covered_points_pt=covered,
        language=language,
    )
    # A dot without its name would be a riddle: both or neither.
    _draw_dots(page, [one.label for one in placed])
    draw_labels(ax, placed, language=language, zorder=Z_LABEL)
    taken = [*fixed, *(one.box for one in placed), *(label.dot_box for label in labels)]
    taken += _name_heavy_lines(page, heavy, taken)
    if layers.water_names is not None:
        _name_waters(page, base, layers.water_names, taken=taken, covered_points_pt=covered)
    return placed


def _sample_lines(page: _Page, lines: gpd.GeoDataFrame | None, crs: str, *, only_new: str) -> list[NDArray[np.float64]]:
    """Points on paper along railways or roads, of the new ones only where the others are part of the quiet ground."""
    if lines is None or lines.empty:
        return []
    chosen = lines[lines["status"] == "new"] if only_new == "yes" else lines
    parts = shapely.get_parts(np.asarray(chosen.geometry.to_crs(crs).array))
    return [page.sample(shapely.get_coordinates(part)) for part in parts]


def _list_labels(page: _Page, places: pd.DataFrame | None, origin: Place) -> list[Label]:
    """Names to set of the places inside the frame; the origin has rank 0, and a place of its name is not set twice."""
    candidates = [(origin.name, origin.name_en, 0, origin.lon, origin.lat)]
    if places is not None:
        columns = (places[name] for name in ("name", "name_en", "rank", "lon", "lat"))
        candidates += [row for row in zip(*columns, strict=True) if row[0] != origin.name]
    labels = []
    for name, name_en, rank, lon, lat in candidates:
        x_pt, y_pt = page.place(float(lon), float(lat))
        label = Label(name, name_en, int(rank), x_pt, y_pt, DOT_SIZES_PT[int(rank)])
        if label.dot_box.inside(page.frame):
            labels.append(label)
    return labels


def _draw_dots(page: _Page, labels: Sequence[Label]) -> None:
    """Draw the origin as a star, large cities as squares, other places as dots."""
    for label in labels:
        shape, face = {0: ("*", ORIGIN_COLOUR), 1: ("s", INK_COLOUR)}.get(label.rank, ("o", INK_COLOUR))
        page.ax.plot(
            *page.invert(label.x_pt, label.y_pt),
            marker=shape,
            # The points of a star reach farther than its body: larger, it weighs as much as its box.
            markersize=label.dot_pt + (2.0 if label.rank == 0 else 0.0),
            markerfacecolor=face,
            markeredgecolor="white",
            markeredgewidth=0.8 if label.rank == 0 else 0.5,
            zorder=Z_PLACE + (0.5 if label.rank == 0 else 0.0),
            gid="origin" if label.rank == 0 else "place",
            scalex=False,
            scaley=False,
        )


def _name_heavy_lines(page: _Page, heavy: dict[float, list[NDArray[np.float64]]], taken: Sequence[Box]) -> list[Box]:
    """Write the minutes of each heavy line on its two longest pieces, where nothing else stands; returns the boxes."""
    named: list[Box] = []
    for cutoff_min, lines in heavy.items():
        words = f"{cutoff_min:g} min" if page.language == "en" else f"{cutoff_min:g} 分钟"
        for line in lines[:2]:
            points = page.sample(line)
            if len(points) * SAMPLE_STEP_PT < SHORTEST_NAMED_MM * PT_PER_MM:
                continue
            box = _find_free_box(page, words, points, [*taken, *named])
            if box is None:
                continue
            named.append(box)
            page.ax.text(
                *page.invert((box.left + box.right) / 2, (box.bottom + box.top) / 2),
                words,
                fontsize=HEAVY_NAME_PT,
                fontweight="bold",
                ha="center",
                va="center_baseline",
                bbox={"boxstyle": "round,pad=0.18", "facecolor": "white", "edgecolor": INK_COLOUR, "linewidth": 0.4},
                zorder=Z_LABEL - 0.5,
                gid=f"isochrone-name-{cutoff_min:g}",
            )
    return named


def _find_free_box(page: _Page, words: str, points_pt: NDArray[np.float64], taken: Sequence[Box]) -> Box | None:
    """First free place for the words along a line, from a quarter of its way on."""
    half_width = text_width_pt(words, HEAVY_NAME_PT, weight="bold") / 2 + 2.0
    half_height = HEAVY_NAME_PT * 0.68
    inset = 6.0
    frame = Box(inset, inset, page.frame.right - inset, page.frame.top - inset)
    for x_pt, y_pt in points_pt[len(points_pt) // 4 :: 4]:
        box = Box(x_pt - half_width, y_pt - half_height, x_pt + half_width, y_pt + half_height)
        if box.inside(frame) and not any(box.overlaps(other) for other in taken):
            return box
    return None


def _name_waters(
    page: _Page, base: BaseMap, names: pd.DataFrame, *, taken: Sequence[Box], covered_points_pt: NDArray[np.float64]
) -> None:
    """Write the names of seas and lakes in the colour of water, where they cover neither land nor lines."""
    chinese_pt, english_pt = WATER_NAME_PT
    columns = (names[column] for column in ("name", "name_en", "lon", "lat"))
    for name, name_en, lon, lat in zip(*columns, strict=True):
        lines = [(name, chinese_pt)] if page.language != "en" else []
        lines += [(name_en, english_pt)] if page.language != "zh" else []
        half_width = max(text_width_pt(words, size_pt) for words, size_pt in lines) / 2
        half_height = sum(size_pt for _, size_pt in lines) * 0.62
        middle_x, middle_y = page.place(float(lon), float(lat))
        for across, up in WATER_NAME_SHIFTS:
            x_pt, y_pt = middle_x + across * half_width, middle_y + up * half_height
            box = Box(x_pt - half_width, y_pt - half_height, x_pt + half_width, y_pt + half_height)
            clear = box.inside(page.frame) and not any(box.overlaps(other) for other in taken)
            if clear and not box.count_points(covered_points_pt) and not _covers_land(page, base, box):
                _write_water_name(page, lines, x_pt, box.top)
                break


def _covers_land(page: _Page, base: BaseMap, box: Box) -> bool:
    return bool(base.study_inside(Extent(*page.invert(box.left, box.bottom), *page.invert(box.right, box.top))).any())


def _write_water_name(page: _Page, lines: Sequence[tuple[str, float]], x_pt: float, top_pt: float) -> None:
    for words, size_pt in lines:
        page.ax.text(
            *page.invert(x_pt, top_pt - size_pt * 0.62),
            words,
            fontsize=size_pt,
            color=WATER_NAME_COLOUR,
            ha="center",
            va="center",
            zorder=Z_LABEL - 0.5,
            gid="water-name",
        )
        top_pt -= size_pt * 1.24
