"""Last stage, charts of targets: the first year each is met, and what would have to change for one to be met."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.present.chart_sheet import ChartText, Margins, make_chart, quiet_axes
from sim.present.key import fit_size_pt
from sim.present.lettering import map_style
from sim.present.style import FASTER_COLOURS, INK_COLOUR, NEW_COLOUR, READING_NAMES

__all__ = ["draw_switching_tornado", "draw_target_timeline"]

ROW_MM = 5.6
MOST_YEARS = 9
MET_COLOUR = "#00785a"
# Unit of a lever -> its Chinese and English names; a unit that is not here is written as it is in both.
UNIT_NAMES = {"trains/day": ("列/日", "trains a day"), "stops": ("站", "stops"), "min": ("分钟", "min")}


def draw_target_timeline(
    first_years: pd.DataFrame,
    *,
    names: Mapping[str, tuple[str, str]],
    due: Mapping[str, tuple[int, ...]],
    years: tuple[int, int],
    text: ChartText,
) -> Figure:
    """Return for each target and reading the first year in which it is met, with its range, against the years it is due.

    Parameters
    ----------
    first_years
        Columns target, reading, first_year (empty where it is met in no scenario), best_value_min, limit_min; and, where
        they are known, earliest and latest: the years if the projects it needs open as early or as late as they may.
    names
        Target id -> its Chinese and English names.
    due
        Target id -> the years in which it is due.
    years
        First and last year of the axis.
    """
    targets = list(dict.fromkeys(first_years["target"]))
    words = tuple(name for target in targets for name in names[target])
    margins = Margins(left_mm=44.0, right_mm=40.0, top_mm=12.0, bottom_mm=5.0)
    height_mm = ROW_MM * (len(first_years) + 1.4 * len(targets)) + margins.top_mm + margins.bottom_mm
    with map_style():
        sheet = make_chart(text, height_mm=height_mm, margins=margins, names=words)
        ax = sheet.ax
        ax.set_xlim(years[0] - 0.5, years[1] + 0.5)
        place = 0.0
        for target in targets:
            rows = first_years[first_years["target"] == target].to_dict("records")
            heading = text.say(*names[target], separator="  |  ")
            _write_beside(ax, place, heading, left_mm=43.0, size_pt=fit_size_pt(heading, 6.8, 160.0), weight="bold")
            for year in due.get(target, ()):
                ax.plot(
                    [year, year],
                    [place + 0.6, place + len(rows) + 0.5],
                    color=NEW_COLOUR,
                    linewidth=1.4,
                    zorder=2,
                    gid="due",
                )
            for row in rows:
                place += 1.0
                _draw_row(ax, row, place, years, text)
            place += 1.4
        ax.set_ylim(place - 0.6, -0.7)
        ax.set_yticks([])
        ax.set_xticks(range(years[0], years[1] + 1, -(-(years[1] - years[0] + 1) // MOST_YEARS)))
        ax.xaxis.tick_top()
        ax.spines[:].set_visible(False)
        ax.grid(axis="x", color="#e3e6e8", linewidth=0.5)
        ax.set_axisbelow(True)
        ax.tick_params(length=0, labelsize=6.4)
        _draw_timeline_key(ax, text)
    return sheet.figure


def _write_beside(
    ax: Axes, place: float, words: str, *, left_mm: float, size_pt: float, weight: str = "normal"
) -> None:
    ax.annotate(
        words,
        (0.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(-left_mm * 72 / 25.4, 0),
        fontsize=size_pt,
        textcoords="offset points",
        fontweight=weight,
        ha="left",
        va="center",
        linespacing=1.05,
        annotation_clip=False,
        zorder=6,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "linewidth": 0},
    )


def _draw_row(ax: Axes, row: Mapping[str, object], place: float, years: tuple[int, int], text: ChartText) -> None:
    name = text.say(*READING_NAMES[str(row["reading"])], separator="\n")
    size_pt = min(fit_size_pt(line, 6.0, 38.0) for line in name.split("\n"))
    _write_beside(ax, place, name, left_mm=40.0, size_pt=size_pt)
    best, limit = float(str(row["best_value_min"])), float(str(row["limit_min"]))
    missed = f"{best:.0f} > {limit:g}"
    first = row["first_year"]
    if pd.isna(first):
        words = text.say(f"各情景均未达：最好 {missed}", f"not met: best {missed} min", separator="\n")
        ax.plot([years[0], years[1]], [place, place], color="#b5bcc1", linewidth=0.6, linestyle=(0, (1, 3)), zorder=1)
    else:
        year = int(str(first).split(".")[0])
        low, high = (_year_of(row.get(key), year) for key in ("earliest", "latest"))
        ax.plot(
            [low, high],
            [place, place],
            color=MET_COLOUR,
            linewidth=4.0,
            alpha=0.35,
            solid_capstyle="butt",
            zorder=3,
            gid="range",
        )
        ax.plot(year, place, marker="D", markersize=4.6, color=MET_COLOUR, zorder=4, gid="first-year")
        ax.plot([year, years[1] + 0.5], [place, place], color=MET_COLOUR, linewidth=1.0, zorder=2)
        words = text.say(
            f"{year} 年起达到：最好 {best:.0f} ≤ {limit:g}", f"met from {year}: best {best:.0f} min", separator="\n"
        )
    ax.annotate(
        words,
        (1.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=5.0 if text.language == "both" else 5.6,
        va="center",
        linespacing=1.1,
        annotation_clip=False,
    )


def _year_of(value: object, otherwise: int) -> int:
    return otherwise if value is None or pd.isna(value) else int(str(value).split(".")[0])


def _draw_timeline_key(ax: Axes, text: ChartText) -> None:
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker="D",
            markersize=4.6,
            color=MET_COLOUR,
            label=text.say("首次达到", "first met"),
        ),
        Line2D(
            [],
            [],
            color=MET_COLOUR,
            linewidth=4.0,
            alpha=0.35,
            label=text.say("按开通早晚的范围", "range by opening dates"),
        ),
        Line2D([], [], color=NEW_COLOUR, linewidth=1.4, label=text.say("规划要求年份", "year it is due")),
    ]
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.5, 1.0),
        borderaxespad=1.8,
        ncols=3,
        frameon=False,
        fontsize=6.0,
    )


def draw_switching_tornado(switches: pd.DataFrame, *, names: Mapping[str, tuple[str, str]], text: ChartText) -> Figure:
    """Return how far each thing alone brings a target, in minutes, and at which value the target would just be met.

    Parameters
    ----------
    switches
        Of one target and reading: columns lever, unit, value_now, switching_value (empty where none does),
        met_by_this_alone (yes or no, or a bool), best_value_min; and now_value_min, limit_min.
    names
        Lever -> its Chinese and English names.
    """
    table = switches.assign(gain=switches["now_value_min"] - switches["best_value_min"])
    table = table.sort_values("gain", ascending=False, kind="stable").to_dict("records")
    words = tuple(name for row in table for name in names[str(row["lever"])])
    margins = Margins(left_mm=44.0, right_mm=46.0, top_mm=5.0, bottom_mm=11.0)
    with map_style():
        height_mm = 6.4 * len(table) + margins.top_mm + margins.bottom_mm
        sheet = make_chart(text, height_mm=height_mm, margins=margins, names=words)
        ax = sheet.ax
        now, limit = float(table[0]["now_value_min"]), float(table[0]["limit_min"])
        for place, row in enumerate(table):
            met = row["met_by_this_alone"] in (True, "yes", "True")
            colour = FASTER_COLOURS[3] if met else FASTER_COLOURS[1]
            best = float(row["best_value_min"])
            ax.barh(
                place,
                best - now,
                left=now,
                height=0.62,
                color=colour,
                hatch=None if met else "////",
                edgecolor="white",
                linewidth=0.3,
                zorder=3,
                gid=f"lever-{row['lever']}",
            )
            name = text.say(*names[str(row["lever"])], separator="\n")
            size_pt = min(fit_size_pt(line, 6.2, 41.0) for line in name.split("\n"))
            ax.annotate(
                name,
                (0.0, place),
                xycoords=("axes fraction", "data"),
                xytext=(-4, 0),
                textcoords="offset points",
                fontsize=size_pt,
                ha="right",
                va="center",
                linespacing=1.1,
            )
            ax.annotate(
                _describe_switch(row, text, met=met),
                (1.0, place),
                xycoords=("axes fraction", "data"),
                xytext=(4, 0),
                textcoords="offset points",
                fontsize=5.8,
                va="center",
                linespacing=1.1,
            )
        ends = [now, limit, *(float(row["best_value_min"]) for row in table)]
        span = max(ends) - min(ends)
        ax.set(xlim=(min(ends) - 0.06 * span, max(ends) + 0.04 * span), ylim=(len(table) - 0.4, -0.6))
        ax.axvline(limit, color=NEW_COLOUR, linewidth=1.4, zorder=4, gid="limit")
        ax.axvline(now, color=INK_COLOUR, linewidth=0.9, zorder=4, gid="now")
        for x, label, colour in (
            (limit, text.name("目标", "target"), NEW_COLOUR),
            (now, text.name("本情景", "now"), INK_COLOUR),
        ):
            ax.annotate(
                f"{label} {x:.0f}",
                (x, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 2),
                ha="center",
                va="bottom",
                textcoords="offset points",
                fontsize=6.2,
                fontweight="bold",
                color=colour,
            )
        ax.set_yticks([])
        ax.set_xlabel(text.say("分钟", "minutes"))
        quiet_axes(ax)
        ax.spines["left"].set_visible(False)
    return sheet.figure


def _describe_switch(row: Mapping[str, object], text: ChartText, *, met: bool) -> str:
    now, enough = float(str(row["value_now"])), float(str(row["switching_value"]))
    if met and np.isfinite(enough):
        value, value_en = _say_in_unit([now, enough], str(row["unit"]))
        english = f"{value_en} would do" if text.language == "en" else "would do"
        return text.say(f"{value} 即达标", english, separator="\n")
    value, _ = _say_in_unit([now], str(row["unit"]))
    best = f"{float(str(row['best_value_min'])):.0f}"
    return text.say(f"现 {value}，单独不够（最好 {best} 分钟）", f"not by this alone (best {best} min)", separator="\n")


def _say_in_unit(values: Sequence[float], unit: str) -> tuple[str, str]:
    """Return values, the later after an arrow, with their unit in Chinese and in English.

    Examples
    --------
    >>> _say_in_unit([30.0, 68.0], "trains/day"), _say_in_unit([1.0], "share")
    (('30 → 68 列/日', '30 → 68 trains a day'), ('100%', '100%'))
    """
    arrow = " \N{RIGHTWARDS ARROW} "
    if unit == "share":
        words = arrow.join(f"{value:.0%}" for value in values)
        return words, words
    words = arrow.join(f"{value:g}" for value in values)
    name, name_en = UNIT_NAMES.get(unit, (unit, unit))
    return f"{words} {name}", f"{words} {name_en}"
