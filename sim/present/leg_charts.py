"""Last stage, door to door by leg: what the minutes between two places are made of, in every scenario and reading."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.measures.result import Result
from sim.present.chart_sheet import ChartText, Margins, make_chart, quiet_axes
from sim.present.key import fit_size_pt
from sim.present.lettering import map_style, text_width_pt
from sim.present.style import INK_COLOUR, NEW_COLOUR, QUIET_INK_COLOUR, READING_NAMES

__all__ = ["LEGS", "draw_door_to_door_bars", "list_door_to_door_legs"]

# Leg -> Chinese, English, colour, hatch; lightness and hatch tell neighbours apart without colour.
LEGS: dict[str, tuple[str, str, str, str]] = {
    "access_min": ("接驳", "access", "#c9b27c", ""),
    "station_min": ("进出站", "station time", "#8c8c8c", ""),
    "wait_min": ("候车", "wait", "#e8e4d0", "////"),
    "ride_min": ("乘车", "ride", "#2f6390", ""),
    "change_min": ("换乘", "change", "#a5c8d8", "xxxx"),
    "egress_min": ("离站", "egress", "#dcc99a", "...."),
    "road_min": ("全程驾车", "by road all the way", "#70b59a", "\\\\\\\\"),
    "whole_min": ("不分段", "not split into legs", "#f2f2f2", "----"),
}
BAR_MM, GROUP_GAP_SHARE = 5.2, 0.6
TOTAL_PT, TOTAL_GAP_PT = 6.2, 2.5
MM_PER_PT = 25.4 / 72.0
CITY_LEGS = ("access_min", "station_min", "wait_min", "ride_min", "change_min", "egress_min")


def list_door_to_door_legs(results: Sequence[Result], from_id: str, to_id: str, *, target: str) -> pd.DataFrame:
    """Return the legs of a journey between two cities in every run and reading, as `draw_door_to_door_bars` takes them.

    Parameters
    ----------
    results
        Runs in the order of the chart.
    from_id, to_id
        Cities.
    target
        The target whose readings are shown; it has both cities.
    """
    rows: list[dict[str, object]] = []
    for result in results:
        scenario, cities = result.scenario, result.target_cities
        group = {"group": f"{scenario.year} {scenario.name}", "group_en": f"{scenario.year} {scenario.name_en}"}
        times = result.city_times.set_index(["from_id", "to_id"]).loc[(from_id, to_id)]
        readings = cities[(cities["target"] == target) & (cities["to_id"] == to_id)].set_index("reading")["value_min"]
        for reading, value in readings.items():
            name, name_en = READING_NAMES[str(reading)]
            row: dict[str, object] = {**group, "label": name, "label_en": name_en}
            if reading == "centre_to_centre":
                rail = {**row, "label": f"{name}，铁路", "label_en": f"{name_en}, rail"}
                rows.append({**rail, **{leg: times[leg] for leg in CITY_LEGS}})
                rows.append(
                    {**row, "label": f"{name}，驾车", "label_en": f"{name_en}, road", "road_min": times["road_min"]}
                )
                continue
            leg = {"station_fastest": "ride_min"}.get(str(reading), "whole_min")
            rows.append({**row, leg: value})
    return pd.DataFrame(rows, columns=["group", "group_en", "label", "label_en", *LEGS])


def draw_door_to_door_bars(legs: pd.DataFrame, *, text: ChartText, limit_min: float = 60.0) -> Figure:
    """Return bars of minutes by leg, grouped by scenario, against the limit of a target.

    Parameters
    ----------
    legs
        One row a bar: group, group_en, label, label_en, and minutes in the columns of `LEGS`; what a bar does not have
        is empty.
    limit_min
        Drawn as a line through all bars.
    """
    groups = list(dict.fromkeys(legs["group"]))
    height_mm = len(legs) * BAR_MM + len(groups) * (BAR_MM * GROUP_GAP_SHARE + 4.0) + 24.0
    names = (*legs["group"], *legs["group_en"], *legs["label"], *legs["label_en"])
    with map_style():
        sheet = make_chart(text, height_mm=height_mm, margins=Margins(left_mm=34.0, top_mm=10.0), names=names)
        ax = sheet.ax
        longest_min = 1.1 * float(legs[list(LEGS)].sum(axis=1).max())
        min_per_pt = longest_min * MM_PER_PT / sheet.width_mm
        place, previous = 0.0, ""
        for row in legs.to_dict("records"):
            if row["group"] != previous:
                previous = str(row["group"])
                words = text.say(previous, str(row["group_en"]), separator="  |  ")
                size_pt = fit_size_pt(words, 6.8, 155.0)
                ax.annotate(
                    words,
                    (0.0, place + 0.35),
                    xycoords=("axes fraction", "data"),
                    xytext=(-34.0 * 72 / 25.4 + 2, 0),
                    textcoords="offset points",
                    fontsize=size_pt,
                    fontweight="bold",
                    va="center",
                    zorder=6,
                    bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "linewidth": 0},
                )
                place += 1.3
            _draw_bar(ax, row, place, limit_min, min_per_pt)
            label = text.say(str(row["label"]), str(row["label_en"]), separator="\n")
            size_pt = min(fit_size_pt(line, 6.0, 31.0) for line in label.split("\n"))
            ax.annotate(
                label,
                (0.0, place),
                xycoords=("axes fraction", "data"),
                xytext=(-4, 0),
                fontsize=size_pt,
                textcoords="offset points",
                ha="right",
                va="center",
                linespacing=1.05,
            )
            place += 1.0
        ax.axvline(limit_min, color=NEW_COLOUR, linewidth=1.4, zorder=4, gid="limit")
        ax.set(ylim=(place - 0.4, -0.2), xlim=(0.0, longest_min))
        ax.set_yticks([])
        ax.set_xlabel(text.say("分钟", "minutes"))
        quiet_axes(ax)
        ax.spines["left"].set_visible(False)
        _draw_key(ax, legs, text, limit_min)
    return sheet.figure


def _draw_bar(ax: Axes, row: dict[str, object], place: float, limit_min: float, min_per_pt: float) -> None:
    left = 0.0
    for leg, (_, _, colour, hatch) in LEGS.items():
        minutes = float(str(row.get(leg, "nan")))
        if not np.isfinite(minutes) or minutes <= 0.0:
            continue
        ax.barh(
            place,
            minutes,
            left=left,
            height=0.78,
            color=colour,
            hatch=hatch or None,
            edgecolor="#7a7a7a" if hatch else "white",
            linewidth=0.3,
            zorder=3,
            gid=f"leg-{leg}",
        )
        if minutes >= 9.0:
            light = leg in ("ride_min", "station_min")
            ax.text(
                left + minutes / 2,
                place,
                f"{minutes:.0f}",
                fontsize=5.6,
                ha="center",
                va="center_baseline",
                zorder=5,
                color="white" if light else INK_COLOUR,
                gid="leg-minutes",
                bbox=None if light else {"boxstyle": "round,pad=0.1", "facecolor": colour, "linewidth": 0},
            )
        left += minutes
    words = f"{left:.0f} \N{CHECK MARK}" if left <= limit_min else f"{left:.0f}"
    # The line of the limit passes behind no number: one that would lie on it moves to its far side.
    end = left + (2 * TOTAL_GAP_PT + text_width_pt(words, TOTAL_PT, weight="bold")) * min_per_pt
    ax.annotate(
        words,
        (limit_min if left <= limit_min < end else left, place),
        xytext=(TOTAL_GAP_PT, 0),
        textcoords="offset points",
        fontsize=TOTAL_PT,
        fontweight="bold",
        va="center_baseline",
        zorder=5,
        gid="total",
        bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "linewidth": 0},
    )


def _draw_key(ax: Axes, legs: pd.DataFrame, text: ChartText, limit_min: float) -> None:
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, hatch=hatch or None, edgecolor="#7a7a7a", linewidth=0.3, label=text.say(zh, en))
        for leg, (zh, en, colour, hatch) in LEGS.items()
        if legs[leg].fillna(0.0).gt(0.0).any()
    ]
    words = text.say(f"{limit_min:g} 分钟目标", f"target {limit_min:g} min")
    handles.append(Line2D([], [], color=NEW_COLOUR, linewidth=1.4, label=words))
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.26, 1.0),
        ncols=5,
        frameon=False,
        fontsize=6.0,
        handlelength=1.4,
        columnspacing=1.0,
        borderaxespad=0.2,
        labelcolor=QUIET_INK_COLOUR,
    )
