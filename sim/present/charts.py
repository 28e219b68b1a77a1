"""Stage 5e: charts: modelled against observed with the residuals below, and the speed of a train along its way.

A chart function takes data and axes and draws; figures are saved by `sim.present.maps.save_map`, as PNG and SVG.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.measures.hindcast import Goal
from sim.measures.line_runs import LineRun
from sim.present.labels import Box
from sim.present.lettering import check_glyphs, map_style, text_width_pt, wrap_text
from sim.present.style import INK_COLOUR, NEW_COLOUR, QUIET_INK_COLOUR, Language, bilingual

__all__ = ["Comparison", "draw_comparison", "draw_residuals", "plot_comparisons", "plot_speed_profile"]

MAIN_COLOUR = "#2f6390"
OTHER_COLOUR = "#a9b4bd"
BAND_COLOUR = "#eef2e2"
PANEL_INCHES = (4.6, 6.6)
PROFILE_INCHES = (9.6, 4.4)
WORST_NAMED = 5
WORST_PT, WORST_GAP_PT = 5.2, 4.0
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


def draw_comparison(ax: Axes, comparison: Comparison, *, language: Language = "both") -> Axes:
    """Draw modelled over observed with the line of equality and the tolerance; return the axes."""
    frame = comparison.frame.dropna(subset=["observed", "modelled"])
    top = 1.04 * float(frame[["observed", "modelled"]].max().max())
    along = np.linspace(0.0, top, 200)
    reach = np.maximum(comparison.goal.tolerance_min, comparison.goal.tolerance_share * along)
    ax.fill_between(along, along - reach, along + reach, color=BAND_COLOUR, linewidth=0, zorder=1)
    ax.plot([0, top], [0, top], color=QUIET_INK_COLOUR, linewidth=0.7, zorder=2)
    _scatter(ax, frame, frame["modelled"])
    ax.set(xlim=(0, top), ylim=(0, top))
    unit = bilingual(comparison.unit, comparison.unit_en, language=language, separator=" / ")
    ax.set_ylabel(f"{bilingual('模型', 'modelled', language=language)} ({unit})")
    title = bilingual(comparison.title, comparison.title_en, language=language, separator=LINE_BREAK)
    ax.set_title(title, loc="left", fontsize=8, fontweight="bold", color=INK_COLOUR)
    _quiet(ax)
    return ax


def draw_residuals(ax: Axes, comparison: Comparison, *, named: int = WORST_NAMED, language: Language = "both") -> Axes:
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
    unit = bilingual(comparison.unit, comparison.unit_en, language=language, separator=" / ")
    across = bilingual(f"观测{comparison.quantity}", f"observed {comparison.quantity_en}", language=language)
    ax.set_xlabel(f"{across} ({unit})")
    up = bilingual("模型减观测", "modelled - observed", language=language, separator=LINE_BREAK)
    ax.set_ylabel(f"{up} ({unit})")
    _name_worst(ax, frame, error, named, top, limit)
    _quiet(ax)
    return ax


def _name_worst(ax: Axes, frame: pd.DataFrame, error: "pd.Series[float]", named: int, top: float, limit: float) -> None:
    """Write the names of the largest residuals beside them, one a place: names never lie on each other."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    place, (width_in, height_in) = ax.get_position(), figure.get_size_inches()
    width_pt, height_pt = 72.0 * width_in * place.width, 72.0 * height_in * place.height
    taken: list[Box] = []
    for index in error.abs().sort_values(ascending=False, kind="stable").index:
        x, y, label = float(frame.loc[index, "observed"]), float(error.loc[index]), str(frame.loc[index, "label"])
        left = x > 0.5 * top
        x_pt, y_pt = width_pt * x / top, height_pt * (y + limit) / (2.0 * limit)
        long_pt = text_width_pt(label, WORST_PT) + WORST_GAP_PT
        low_pt, high_pt = y_pt - WORST_PT / 2, y_pt + WORST_PT / 2
        box = Box(x_pt - long_pt, low_pt, x_pt, high_pt) if left else Box(x_pt, low_pt, x_pt + long_pt, high_pt)
        if not label or any(box.overlaps(other) for other in taken):
            continue
        ax.annotate(
            label,
            (x, y),
            xytext=(-WORST_GAP_PT if left else WORST_GAP_PT, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=WORST_PT,
            color=INK_COLOUR,
            zorder=5,
        )
        taken.append(box)
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
    comparisons: Sequence[Comparison],
    *,
    note: str,
    strong: tuple[str, str],
    light: tuple[str, str],
    language: Language = "both",
    panel_inches: tuple[float, float] = PANEL_INCHES,
) -> Figure:
    """Return a figure with one column a comparison: the scatter above, the residuals below.

    Parameters
    ----------
    note: sources and definitions, below the charts.
    strong, light: Chinese and English name of the strong and the light dots; empty where there are none.
    panel_inches: width of a column and height of the figure.
    """
    texts = [text for item in comparisons for text in (item.title, item.title_en, *map(str, item.frame["label"]))]
    check_glyphs([*texts, note, *strong, *light])
    width, height = panel_inches
    with map_style():
        figure = Figure(figsize=(width * len(comparisons), height))
        axes = figure.subplots(2, len(comparisons), squeeze=False, height_ratios=(1.6, 1.0))
        for column, comparison in enumerate(comparisons):
            draw_comparison(axes[0, column], comparison, language=language)
            draw_residuals(axes[1, column], comparison, language=language)
            tolerance = f"{bilingual('容差', 'tolerance', language=language)} {_goal_text(comparison.goal, language)}"
            dots = {
                bilingual(*names, language=language): colour
                for names, colour in ((strong, MAIN_COLOUR), (light, OTHER_COLOUR))
                if names[0]
            }
            _draw_key(axes[0, column], tolerance, dots)
        lines = wrap_text(note, 5.6, 72.0 * 0.94 * width * len(comparisons))
        figure.text(0.03, 0.012, "\n".join(lines), fontsize=5.6, color=QUIET_INK_COLOUR, va="bottom")
        figure.tight_layout(rect=(0, 0.03 + 0.013 * len(lines), 1, 1))
    return figure


def _draw_key(ax: Axes, tolerance: str, dots: Mapping[str, str]) -> None:
    for words, colour in dots.items():
        ax.scatter([], [], s=12, color=colour, label=words)
    ax.fill_between([], [], [], color=BAND_COLOUR, label=tolerance)
    ax.legend(loc="upper left", frameon=False, fontsize=6)


def _goal_text(goal: Goal, language: Language) -> str:
    if not goal.tolerance_min:
        return f"{100 * goal.tolerance_share:g} %"
    return f"{goal.tolerance_min:g} {'分钟' if language == 'zh' else 'min'} / {100 * goal.tolerance_share:g} %"


def plot_speed_profile(
    run: LineRun,
    *,
    title: str,
    title_en: str,
    note: str = "",
    language: Language = "both",
    size_inches: tuple[float, float] = PROFILE_INCHES,
) -> Figure:
    """Return a figure of a train's technical run: speed and limit over the kilometres, stations named above."""
    names = [f"{name} {english}" for name, english in zip(run.passings["name"], run.passings["name_en"], strict=True)]
    check_glyphs([title, title_en, note, *names])
    say = partial(bilingual, language=language)
    with map_style():
        figure = Figure(figsize=size_inches)
        ax = figure.subplots()
        ax.step(run.km, run.limit_kmh, where="pre", color=OTHER_COLOUR, linewidth=0.9, label=say("限速", "limit"))
        ax.plot(run.km, run.speed_kmh, color=MAIN_COLOUR, linewidth=1.3, label=say("速度", "speed"))
        ax.fill_between(run.km, run.speed_kmh, color=MAIN_COLOUR, alpha=0.10, linewidth=0)
        top = 1.12 * float(run.limit_kmh.max())
        _draw_stations(ax, run, top, language)
        ax.set(xlim=(0.0, float(run.km[-1])), ylim=(0.0, top))
        ax.set_xlabel(say("里程", "distance") + " (km)")
        ax.set_ylabel(say("速度", "speed") + " (km/h)")
        figure.legend(loc="upper right", ncols=2, frameon=False, fontsize=6.5)
        heading = bilingual(title, title_en, language=language, separator=LINE_BREAK)
        figure.suptitle(heading, x=0.02, ha="left", fontsize=8.5, fontweight="bold", color=INK_COLOUR)
        lines = wrap_text(note, 5.6, 72.0 * 0.94 * size_inches[0]) if note else []
        figure.text(0.02, 0.012, "\n".join(lines), fontsize=5.6, color=QUIET_INK_COLOUR, va="bottom")
        _quiet(ax)
        figure.tight_layout(rect=(0, 0.02 * len(lines), 1, 0.99))
    return figure


def _draw_stations(ax: Axes, run: LineRun, top: float, language: Language) -> None:
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
            f"{bilingual(str(station['name']), str(station['name_en']), language=language)}  "
            f"{station['technical_min']:.1f} {bilingual('分', 'min', language='zh' if language == 'zh' else 'en')}",
            rotation=38,
            rotation_mode="anchor",
            ha="left",
            va="bottom",
            fontsize=5.6,
            color=INK_COLOUR if calls else QUIET_INK_COLOUR,
        )
