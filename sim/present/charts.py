"""Stage 5e: charts: modelled against observed with the residuals below, and the speed of a train along its way.

A chart function takes data and axes and draws; figures are saved by `sim.present.maps.save_map`, as PNG and SVG.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.measures.hindcast import Goal
from sim.measures.line_runs import LineRun
from sim.present.style import (
    INK_COLOUR,
    NEW_COLOUR,
    QUIET_INK_COLOUR,
    bilingual,
    check_glyphs,
    map_style,
    wrap_text,
)

__all__ = ["Comparison", "draw_comparison", "draw_residuals", "plot_comparisons", "plot_speed_profile"]

MAIN_COLOUR = "#2f6390"
OTHER_COLOUR = "#a9b4bd"
BAND_COLOUR = "#eef2e2"
PANEL_INCHES = (4.6, 6.6)
PROFILE_INCHES = (9.6, 4.4)
WORST_NAMED = 5
LINE_BREAK = "\n"
STANDING_MIN_GAP_SHARE = 0.03
"""Station names closer than this share of the way are left out, unless the train calls there."""


@dataclass(frozen=True)
class Comparison:
    """What one panel shows.

    Attributes
    ----------
    title, title_en: of the panel: the finding.
    frame: observed, modelled, group (`main` drawn strongly, anything else lightly), label (names of both ends).
    goal: the tolerance, drawn as a band.
    unit, unit_en, quantity, quantity_en: of both axes.
    """

    title: str
    title_en: str
    frame: pd.DataFrame
    goal: Goal
    unit: str = "分钟"
    unit_en: str = "min"
    quantity: str = "列车时间"
    quantity_en: str = "minutes in the train"


def draw_comparison(ax: Axes, comparison: Comparison) -> Axes:
    """Draw modelled over observed with the line of equality and the tolerance; return the axes."""
    frame = comparison.frame.dropna(subset=["observed", "modelled"])
    top = 1.04 * float(frame[["observed", "modelled"]].max().max())
    along = np.linspace(0.0, top, 200)
    reach = np.maximum(comparison.goal.tolerance_min, comparison.goal.tolerance_share * along)
    ax.fill_between(along, along - reach, along + reach, color=BAND_COLOUR, linewidth=0, zorder=1)
    ax.plot([0, top], [0, top], color=QUIET_INK_COLOUR, linewidth=0.7, zorder=2)
    _scatter(ax, frame, frame["modelled"])
    ax.set(xlim=(0, top), ylim=(0, top))
    unit = bilingual(comparison.unit, comparison.unit_en, separator=" / ")
    ax.set_ylabel(f"{bilingual('模型', 'modelled')} ({unit})")
    ax.set_title(f"{comparison.title}\n{comparison.title_en}", loc="left", fontsize=8, color=INK_COLOUR)
    _quiet(ax)
    return ax


def draw_residuals(ax: Axes, comparison: Comparison, *, named: int = WORST_NAMED) -> Axes:
    """Draw modelled minus observed over observed, the worst pairs named; return the axes."""
    frame = comparison.frame.dropna(subset=["observed", "modelled"])
    error = frame["modelled"] - frame["observed"]
    top = 1.04 * float(frame[["observed", "modelled"]].max().max())
    along = np.linspace(0.0, top, 200)
    reach = np.maximum(comparison.goal.tolerance_min, comparison.goal.tolerance_share * along)
    ax.fill_between(along, -reach, reach, color=BAND_COLOUR, linewidth=0, zorder=1)
    ax.axhline(0.0, color=QUIET_INK_COLOUR, linewidth=0.7, zorder=2)
    _scatter(ax, frame, error)
    limit = 1.15 * max(float(error.abs().max()), comparison.goal.tolerance_min)
    ax.set(xlim=(0, top), ylim=(-limit, limit))
    unit = bilingual(comparison.unit, comparison.unit_en, separator=" / ")
    ax.set_xlabel(f"{bilingual(f'观测{comparison.quantity}', f'observed {comparison.quantity_en}')} ({unit})")
    ax.set_ylabel(f"{bilingual('模型减观测', 'modelled - observed', separator=LINE_BREAK)} ({unit})")
    _name_worst(ax, frame, error, named, top, limit)
    _quiet(ax)
    return ax


def _name_worst(ax: Axes, frame: pd.DataFrame, error: "pd.Series[float]", named: int, top: float, limit: float) -> None:
    """Write the names of the largest residuals beside them, one a place: names never lie on each other."""
    taken: list[tuple[float, float]] = []
    for index in error.abs().sort_values(ascending=False, kind="stable").index:
        x, y = float(frame.loc[index, "observed"]), float(error.loc[index])
        free = all(abs(x - other_x) > 0.3 * top or abs(y - other_y) > 0.1 * limit for other_x, other_y in taken)
        if not free:
            continue
        left = x > 0.6 * top
        ax.annotate(
            str(frame.loc[index, "label"]),
            (x, y),
            xytext=(-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=5.2,
            color=INK_COLOUR,
            zorder=5,
        )
        taken.append((x, y))
        if len(taken) == named:
            return


def _scatter(ax: Axes, frame: pd.DataFrame, values: "pd.Series[float]") -> None:
    main = frame["group"] == "main"
    for rows, colour, size in ((~main, OTHER_COLOUR, 5), (main, MAIN_COLOUR, 7)):
        ax.scatter(frame.loc[rows, "observed"], values[rows], s=size, color=colour, alpha=0.55, linewidth=0, zorder=3)


def _quiet(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(length=2.5, width=0.5, colors=QUIET_INK_COLOUR)


def plot_comparisons(
    comparisons: Sequence[Comparison], *, note: str, strong: tuple[str, str], light: tuple[str, str]
) -> Figure:
    """Return a figure with one column a comparison: the scatter above, the residuals below.

    Parameters
    ----------
    note: sources and definitions, below the charts.
    strong, light: Chinese and English name of the strong and the light dots; empty where there are none.
    """
    texts = [text for item in comparisons for text in (item.title, item.title_en, *map(str, item.frame["label"]))]
    check_glyphs([*texts, note, *strong, *light])
    width, height = PANEL_INCHES
    with map_style():
        figure = Figure(figsize=(width * len(comparisons), height))
        axes = figure.subplots(2, len(comparisons), squeeze=False, height_ratios=(1.6, 1.0))
        for column, comparison in enumerate(comparisons):
            draw_comparison(axes[0, column], comparison)
            draw_residuals(axes[1, column], comparison)
            tolerance = f"{bilingual('容差', 'tolerance')} {_goal_text(comparison.goal)}"
            _draw_key(axes[0, column], tolerance, {strong: MAIN_COLOUR, light: OTHER_COLOUR})
        lines = wrap_text(note, 5.6, 72.0 * 0.94 * width * len(comparisons))
        figure.text(0.03, 0.012, "\n".join(lines), fontsize=5.6, color=QUIET_INK_COLOUR, va="bottom")
        figure.tight_layout(rect=(0, 0.03 + 0.013 * len(lines), 1, 1))
    return figure


def _draw_key(ax: Axes, tolerance: str, dots: Mapping[tuple[str, str], str]) -> None:
    for (chinese, english), colour in dots.items():
        if chinese:
            ax.scatter([], [], s=12, color=colour, label=bilingual(chinese, english))
    ax.fill_between([], [], [], color=BAND_COLOUR, label=tolerance)
    ax.legend(loc="upper left", frameon=False, fontsize=6)


def _goal_text(goal: Goal) -> str:
    if not goal.tolerance_min:
        return f"{100 * goal.tolerance_share:g} %"
    return f"{goal.tolerance_min:g} min / {100 * goal.tolerance_share:g} %"


def plot_speed_profile(run: LineRun, *, title: str, title_en: str, note: str = "") -> Figure:
    """Return a figure of a train's technical run: speed and limit over the kilometres, stations named above."""
    names = [f"{name} {english}" for name, english in zip(run.passings["name"], run.passings["name_en"], strict=True)]
    check_glyphs([title, title_en, note, *names])
    with map_style():
        figure = Figure(figsize=PROFILE_INCHES)
        ax = figure.subplots()
        ax.step(run.km, run.limit_kmh, where="pre", color=OTHER_COLOUR, linewidth=0.9, label=bilingual("限速", "limit"))
        ax.plot(run.km, run.speed_kmh, color=MAIN_COLOUR, linewidth=1.3, label=bilingual("速度", "speed"))
        ax.fill_between(run.km, run.speed_kmh, color=MAIN_COLOUR, alpha=0.10, linewidth=0)
        top = 1.12 * float(run.limit_kmh.max())
        _draw_stations(ax, run, top)
        ax.set(xlim=(0.0, float(run.km[-1])), ylim=(0.0, top))
        ax.set_xlabel(bilingual("里程", "distance") + " (km)")
        ax.set_ylabel(bilingual("速度", "speed") + " (km/h)")
        figure.legend(loc="upper right", ncols=2, frameon=False, fontsize=6.5)
        figure.suptitle(f"{title}\n{title_en}", x=0.02, ha="left", fontsize=8.5, color=INK_COLOUR)
        lines = wrap_text(note, 5.6, 72.0 * 0.94 * PROFILE_INCHES[0]) if note else []
        figure.text(0.02, 0.012, "\n".join(lines), fontsize=5.6, color=QUIET_INK_COLOUR, va="bottom")
        _quiet(ax)
        figure.tight_layout(rect=(0, 0.02 * len(lines), 1, 0.99))
    return figure


def _draw_stations(ax: Axes, run: LineRun, top: float) -> None:
    """Mark the stations with their minutes; names that would lie on each other are left out, those of calls never."""
    length = float(run.km[-1])
    shown: list[float] = run.passings.loc[run.passings["calls"] == "yes", "km"].tolist()
    for _, station in run.passings.iterrows():
        km, calls = float(station["km"]), station["calls"] == "yes"
        ax.axvline(km, color=NEW_COLOUR if calls else OTHER_COLOUR, linewidth=0.5, linestyle=(0, (3, 3)), zorder=0)
        if not calls:
            if any(abs(km - other) < STANDING_MIN_GAP_SHARE * length for other in shown):
                continue
            shown.append(km)
        ax.text(
            km,
            1.01 * top,
            f"{station['name']} {station['name_en']}  {station['technical_min']:.1f} min",
            rotation=38,
            rotation_mode="anchor",
            ha="left",
            va="bottom",
            fontsize=5.6,
            color=INK_COLOUR if calls else QUIET_INK_COLOUR,
        )
