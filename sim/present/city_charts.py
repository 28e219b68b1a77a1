"""Last stage, charts of cities: the matrix of minutes, minutes by year, people within so many minutes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from sim.present.chart_sheet import AXIS_PT, ChartText, Margins, make_chart, quiet_axes
from sim.present.lettering import map_style
from sim.present.style import (
    BEYOND_COLOUR,
    CUTOFFS_MIN,
    HEAVY_CUTOFFS_MIN,
    HEAVY_WIDTHS_PT,
    INK_COLOUR,
    NEW_COLOUR,
    QUIET_INK_COLOUR,
    SERIES_LOOKS,
    band_colours,
    band_labels,
)

__all__ = ["Curve", "cumulate_people", "draw_city_matrix", "draw_cumulative_people", "draw_slopegraph", "spread_out"]

SMALL_PT = 5.8
LEADER_SHARE = 0.035


def draw_city_matrix(minutes: pd.DataFrame, names: pd.DataFrame, *, text: ChartText) -> Figure:
    """Return the minutes between cities as a matrix coloured by the classes of the maps, the number in each cell.

    Parameters
    ----------
    minutes
        From city (rows) to city (columns), by id; nan where there is no way.
    names
        Columns city_id, name, name_en.
    """
    known = names.set_index("city_id")
    from_ids, to_ids = list(minutes.index), list(minutes.columns)
    colours = [*band_colours(len(CUTOFFS_MIN)), BEYOND_COLOUR]
    left_mm = 27.0 if text.language == "both" else 20.0
    side_mm = min((166.0 - left_mm) / len(to_ids), 9.0)
    margins = Margins(
        left_mm=left_mm,
        right_mm=167.0 - left_mm - side_mm * len(to_ids),
        top_mm=11.0 if text.language != "en" else 20.0,
        bottom_mm=11.0,
    )
    with map_style():
        height_mm = side_mm * len(from_ids) + margins.top_mm + margins.bottom_mm
        sheet = make_chart(text, height_mm=height_mm, margins=margins, names=(*known["name"], *known["name_en"]))
        ax = sheet.ax
        values = minutes.to_numpy(dtype=float)
        number_pt = float(np.clip(side_mm * 0.8, 3.6, 6.0))
        for row, column in np.ndindex(values.shape):
            if from_ids[row] == to_ids[column]:
                continue
            value = values[row, column]
            band = int(np.digitize(value, CUTOFFS_MIN, right=True)) if np.isfinite(value) else -1
            ax.add_patch(
                Rectangle(
                    (column, row),
                    1.0,
                    1.0,
                    facecolor=colours[band] if band >= 0 else "white",
                    edgecolor="white",
                    linewidth=0.4,
                    hatch=None if band >= 0 else "////",
                    gid=f"cell-{from_ids[row]}-{to_ids[column]}",
                )
            )
            if band >= 0:
                bold = value <= HEAVY_CUTOFFS_MIN[1]
                ax.text(
                    column + 0.5,
                    row + 0.5,
                    f"{value:.0f}",
                    fontsize=number_pt,
                    ha="center",
                    va="center_baseline",
                    fontweight="bold" if bold else "normal",
                    color="white" if band < 3 else INK_COLOUR,
                )
        ax.set(xlim=(0, len(to_ids)), ylim=(len(from_ids), 0))
        ax.set_xticks(np.arange(len(to_ids)) + 0.5, [_name(known, one, text) for one in to_ids], rotation=90)
        ax.set_yticks(
            np.arange(len(from_ids)) + 0.5, [text.say(*known.loc[one, ["name", "name_en"]]) for one in from_ids]
        )
        ax.xaxis.tick_top()
        ax.tick_params(length=0, labelsize=SMALL_PT if text.language != "en" else 5.2)
        ax.spines[:].set_visible(False)
        _draw_band_row(ax, colours, text, len(from_ids), side_mm)
    return sheet.figure


def _name(names: pd.DataFrame, city_id: str, text: ChartText) -> str:
    return text.name(str(names.loc[city_id, "name"]), str(names.loc[city_id, "name_en"]))


def _draw_band_row(ax: Axes, colours: Sequence[str], text: ChartText, n_rows: int, side_mm: float) -> None:
    """Draw the classes beneath the matrix, with their unit."""
    # The axes count in cells; a class is 16 mm wide.
    width, height = 16.0 / side_mm, 3.2 / side_mm
    top = n_rows + 2.2 / side_mm
    for position, (colour, label) in enumerate(zip(colours, band_labels(CUTOFFS_MIN), strict=True)):
        ax.add_patch(
            Rectangle(
                (position * width, top),
                width,
                height,
                facecolor=colour,
                edgecolor=QUIET_INK_COLOUR,
                linewidth=0.3,
                clip_on=False,
                gid=f"band-{label}",
            )
        )
        ax.text((position + 0.5) * width, top + height + 0.6 / side_mm, label, fontsize=SMALL_PT, ha="center", va="top")
    words = text.say("分钟；粗体：2小时以内", "minutes; bold: within two hours", separator="\n")
    ax.text(6.2 * width, top + height / 2, words, fontsize=SMALL_PT, va="center")


def spread_out(places: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Return places, in their order, moved as little as needed so that neighbours are at least a gap apart.

    Pool adjacent violators: labels that touch form a block around their mean (least squares with ordered places).

    Examples
    --------
    >>> spread_out(np.array([1.0, 1.0, 5.0]), 1.0).tolist()
    [0.5, 1.5, 5.0]
    """
    order = np.argsort(places, kind="stable")
    # With the gaps taken out, the places only have to be in order.
    wanted = places[order] - gap * np.arange(len(places))
    blocks: list[tuple[float, int]] = []
    for place in wanted:
        blocks.append((float(place), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (mean, count), (last_mean, last_count) = blocks[-2], blocks.pop()
            blocks[-1] = ((mean * count + last_mean * last_count) / (count + last_count), count + last_count)
    flat = np.concatenate([np.full(count, mean) for mean, count in blocks]) if blocks else np.zeros(0)
    moved = np.empty(len(places))
    moved[order] = flat + gap * np.arange(len(places))
    return moved


def draw_slopegraph(minutes: pd.DataFrame, *, text: ChartText, limit_min: float = 120.0) -> Figure:
    """Return minutes by year as one line a city, those that come within the limit in the colour of news.

    Parameters
    ----------
    minutes
        Columns name, name_en, then one column a year (its number as the name), left to right.
    limit_min
        The circle, drawn across.
    """
    years = [column for column in minutes.columns if column not in ("city_id", "name", "name_en")]
    table = minutes[[*("name", "name_en"), *years]].dropna().reset_index(drop=True)
    values = table[years].to_numpy(dtype=float)
    height_mm = max(90.0, 4.3 * len(table) + 24.0)
    margins = Margins(left_mm=34.0, right_mm=34.0, top_mm=8.0, bottom_mm=4.0)
    with map_style():
        sheet = make_chart(text, height_mm=height_mm, margins=margins, names=(*table["name"], *table["name_en"]))
        ax = sheet.ax
        low, high = float(values.min()), float(values.max())
        ax.set(xlim=(0, len(years) - 1), ylim=(high + 0.03 * (high - low), low - 0.06 * (high - low)))
        gap = 3.6 / sheet.height_mm * abs(float(np.diff(ax.get_ylim())[0]))
        ends = [spread_out(values[:, 0], gap), spread_out(values[:, -1], gap)]
        for position, name in enumerate(table[["name", "name_en"]].itertuples(index=False)):
            series = values[position]
            enters = series[0] > limit_min >= series[-1]
            colour = NEW_COLOUR if enters else (INK_COLOUR if series[-1] <= limit_min else "#9aa3aa")
            ax.plot(
                range(len(years)),
                series,
                color=colour,
                linewidth=1.6 if enters else 0.9,
                marker="o",
                markersize=2.4,
                zorder=4 if enters else 3,
                clip_on=False,
                gid="city-line",
            )
            for side, label_y, value in (
                (0, ends[0][position], series[0]),
                (len(years) - 1, ends[1][position], series[-1]),
            ):
                _write_end(ax, side, float(value), float(label_y), text.say(*name), colour=colour, bold=enters)
        ax.axhline(limit_min, color=INK_COLOUR, linewidth=HEAVY_WIDTHS_PT[1], zorder=2, gid="limit")
        ax.annotate(
            text.say(f"{limit_min:g} 分钟", f"{limit_min:g} min"),
            (0.5, limit_min),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=AXIS_PT,
            fontweight="bold",
            zorder=6,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "linewidth": 0},
        )
        ax.set_xticks(range(len(years)), [str(year) for year in years])
        ax.xaxis.tick_top()
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, labelsize=7.4)
        for position in range(len(years)):
            ax.axvline(position, color="#d5dade", linewidth=0.5, zorder=1)
    return sheet.figure


def _write_end(ax: Axes, side: int, y: float, label_y: float, name: str, *, colour: str, bold: bool) -> None:
    """Write a name and its minutes outside the first or the last year, joined to the end of its line."""
    direction = -1 if side == 0 else 1
    ax.annotate(
        f"{name}  {y:.0f}" if side == 0 else f"{y:.0f}  {name}",
        (side, label_y),
        xytext=(direction * 11.0, 0.0),
        textcoords="offset points",
        fontsize=SMALL_PT,
        fontweight="bold" if bold else "normal",
        color=colour if bold else INK_COLOUR,
        ha="right" if side == 0 else "left",
        va="center_baseline",
        annotation_clip=False,
        gid="city-name",
    )
    # From the end of the line to the name beside it, which may have moved.
    leader_x = side + direction * LEADER_SHARE * ax.get_xlim()[1]
    ax.plot([side, leader_x], [y, label_y], color="#b5bcc1", linewidth=0.4, clip_on=False, zorder=1, gid="leader")


@dataclass(frozen=True)
class Curve:
    """People within so many minutes in one scenario: `people` of them within each of `minutes`."""

    label: str
    label_en: str
    minutes: NDArray[np.float64]
    people: NDArray[np.float64]


def cumulate_people(
    minutes: NDArray[np.float64], population: NDArray[np.float64], *, upto_min: float = 240.0, step_min: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return minutes 0, 1, 2, … and the people who live within each of them; unreached cells count never.

    Examples
    --------
    >>> cumulate_people(np.array([0.5, 1.0, np.nan]), np.array([10.0, 20.0, 40.0]), upto_min=2.0)[1].tolist()
    [0.0, 30.0, 30.0]
    """
    edges = np.arange(0.0, upto_min + step_min / 2, step_min)
    reached = np.isfinite(minutes)
    slots = np.ceil(minutes[reached] / step_min).astype(int)
    sums = np.bincount(slots, weights=population[reached], minlength=len(edges))[: len(edges)]
    return edges, np.cumsum(sums)


def draw_cumulative_people(curves: Sequence[Curve], *, text: ChartText) -> Figure:
    """Return millions of people against minutes, one curve a scenario; the two circles stand as heavy lines.

    Parameters
    ----------
    curves
        The base first; at most as many as there are looks to tell them apart.
    """
    names = tuple(name for curve in curves for name in (curve.label, curve.label_en))
    with map_style():
        sheet = make_chart(text, height_mm=100.0, margins=Margins(left_mm=14.0, right_mm=6.0), names=names)
        ax = sheet.ax
        for curve, (colour, dashes, width_pt) in zip(curves, SERIES_LOOKS, strict=False):
            ax.plot(
                curve.minutes,
                curve.people / 1e6,
                color=colour,
                linewidth=width_pt,
                linestyle=(0, dashes) if dashes else "-",
                label=text.say(curve.label, curve.label_en),
                gid="people-curve",
                zorder=3,
            )
        top = max(float(curve.people.max()) for curve in curves) / 1e6
        ax.set(xlim=(0.0, float(curves[0].minutes[-1])), ylim=(0.0, 1.04 * top))
        for cutoff, width_pt in zip(HEAVY_CUTOFFS_MIN, HEAVY_WIDTHS_PT, strict=True):
            ax.plot(
                [cutoff, cutoff],
                [0.0, 0.68 * top],
                color=INK_COLOUR,
                linewidth=width_pt,
                zorder=2,
                gid=f"limit-{cutoff:g}",
            )
            found = [float(np.interp(cutoff, curve.minutes, curve.people)) / 1e6 for curve in (curves[0], curves[-1])]
            words = {"zh": f"{cutoff:g} 分钟：", "en": f"{cutoff:g} min: "}.get(text.language, f"{cutoff:g} 分钟 min: ")
            numbers = f"{found[0]:.1f} \N{RIGHTWARDS ARROW} {found[1]:.1f}"
            ax.annotate(
                f"{words}{numbers}",
                (cutoff, 0.62 * top),
                xytext=(3, 0),
                textcoords="offset points",
                fontsize=6.2,
                fontweight="bold",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "linewidth": 0},
                zorder=5,
            )
        ax.set_xlabel(text.say("全程时间，分钟", "minutes of the whole journey"))
        ax.set_ylabel(text.say("人口（百万）", "people (millions)"))
        ax.set_xticks(np.arange(0.0, curves[0].minutes[-1] + 1.0, 30.0))
        quiet_axes(ax)
        legend = ax.legend(loc="upper left", framealpha=1.0, edgecolor="white", fontsize=6.2)
        legend.set_zorder(6)
    return sheet.figure
