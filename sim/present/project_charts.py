"""Last stage, charts of projects: what each contributes, which duplicate each other, what each costs for what it gains."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from sim.present.chart_sheet import ChartText, Margins, make_chart, quiet_axes
from sim.present.key import fit_size_pt
from sim.present.labels import Box, Label, draw_labels, place_labels
from sim.present.lettering import map_style, text_width_pt, wrap_text
from sim.present.style import FASTER_COLOURS, INK_COLOUR, NEW_COLOUR, NO_CHANGE_COLOUR, QUIET_INK_COLOUR, SLOWER_COLOURS

__all__ = ["Names", "draw_contribution_waterfall", "draw_options_frontier", "draw_synergy_matrix"]

Names = Mapping[str, tuple[str, str]]
"""Id of a player or option -> its Chinese and English names."""

Floats = NDArray[np.float64]

ROW_MM = 7.0
MM_PER_PT = 25.4 / 72.0
GAIN_COLOUR, LOSS_COLOUR, TOTAL_COLOUR = FASTER_COLOURS[2], SLOWER_COLOURS[2], "#55606a"


def draw_contribution_waterfall(
    contributions: pd.DataFrame, *, base_value: float, names: Names, quantity: tuple[str, str], text: ChartText
) -> Figure:
    """Return what each project adds to a value, on average over all orders (Shapley), from the base to all of them.

    Two marks beside a bar are values of the same axis: the circle with this project alone, from the base up; the square
    with all but this one, from the end down. They do not depend on where the bar stands.

    Parameters
    ----------
    contributions
        Of one value: columns player, first_in, last_in, shapley.
    base_value
        The value without any of them.
    quantity
        What the value is, with its unit, in Chinese and in English.
    """
    table = contributions.sort_values("shapley", ascending=False, kind="stable").to_dict("records")
    margins = Margins(left_mm=46.0, right_mm=30.0, top_mm=6.0, bottom_mm=11.0)
    height_mm = ROW_MM * (len(table) + 2) + margins.top_mm + margins.bottom_mm
    words = tuple(name for row in table for name in names[str(row["player"])])
    with map_style():
        sheet = make_chart(text, height_mm=height_mm, margins=margins, names=(*words, *quantity))
        ax = sheet.ax
        level, edges = base_value, [base_value]
        all_built = base_value + sum(float(row["shapley"]) for row in table)
        _write_row(ax, 0, text.say("基准", "base", separator="\n"), _number(base_value))
        ax.plot([base_value], [0], marker="|", markersize=14, color=TOTAL_COLOUR, markeredgewidth=2.2, gid="base")
        for place, row in enumerate(table, start=1):
            change = float(row["shapley"])
            ax.barh(
                place,
                change,
                left=level,
                height=0.56,
                color=GAIN_COLOUR if change >= 0 else LOSS_COLOUR,
                hatch=None if change >= 0 else "////",
                edgecolor="white",
                linewidth=0.3,
                zorder=3,
                gid=f"player-{row['player']}",
            )
            ax.plot([level, level], [place - 1 + 0.28, place - 0.28], color=QUIET_INK_COLOUR, linewidth=0.5, zorder=2)
            alone, without = base_value + float(row["first_in"]), all_built - float(row["last_in"])
            for key, x, marker in (("first_in", alone, "o"), ("last_in", without, "s")):
                ax.plot(
                    x,
                    place,
                    marker=marker,
                    markersize=3.6,
                    markerfacecolor="white",
                    markeredgecolor=INK_COLOUR,
                    markeredgewidth=0.7,
                    zorder=5,
                    gid=key,
                )
                edges.append(x)
            level += change
            edges.append(level)
            _write_row(
                ax,
                place,
                text.say(*names[str(row["player"])], separator="\n"),
                _number(change, sign="+"),
            )
        ax.plot([level, level], [len(table) + 0.28, len(table) + 0.72], color=QUIET_INK_COLOUR, linewidth=0.5, zorder=2)
        ax.plot(
            [level], [len(table) + 1], marker="|", markersize=14, color=TOTAL_COLOUR, markeredgewidth=2.2, gid="all"
        )
        built = text.say(f"{len(table)}个项目建成", f"all {len(table)} built", separator="\n")
        _write_row(ax, len(table) + 1, built, _number(level))
        span = max(max(edges) - min(edges), 1e-9)
        ax.set(xlim=(min(edges) - 0.05 * span, max(edges) + 0.05 * span), ylim=(len(table) + 1.6, -0.6))
        ax.set_yticks([])
        ax.set_xlabel(text.say(*quantity))
        quiet_axes(ax)
        ax.spines["left"].set_visible(False)
        handles = [
            Line2D(
                [],
                [],
                linestyle="none",
                marker=marker,
                markersize=3.6,
                markerfacecolor="white",
                markeredgecolor=INK_COLOUR,
                label=text.say(*words),
            )
            for marker, words in (("o", ("仅建此项", "this one alone")), ("s", ("独缺此项", "all but this one")))
        ]
        ax.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.1,
            ncols=2,
            frameon=False,
            fontsize=6.0,
        )
    return sheet.figure


def _number(value: float, *, sign: str = "") -> str:
    """Return a number with three digits that count, and a true minus sign.

    Examples
    --------
    >>> _number(2351.2), _number(-30.04, sign="+"), _number(0.0, sign="+")
    ('2,351', '−30', '0')
    """
    if abs(value) < 1e-9:
        return "0"
    digits = f"{value:{sign},.0f}" if abs(value) >= 100.0 else f"{value:{sign}.3g}"
    return digits.replace("-", "\N{MINUS SIGN}")


def _write_row(ax: Axes, place: float, name: str, value: str) -> None:
    size_pt = min(fit_size_pt(line, 6.2, 42.0) for line in name.split("\n"))
    ax.annotate(
        name,
        (0.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(-5, 0),
        textcoords="offset points",
        fontsize=size_pt,
        ha="right",
        va="center",
        linespacing=1.1,
    )
    ax.annotate(
        value,
        (1.0, place),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        fontsize=6.4,
        fontweight="bold",
        va="center_baseline",
    )


def draw_synergy_matrix(synergies: pd.DataFrame, *, names: Names, quantity: tuple[str, str], text: ChartText) -> Figure:
    """Return the synergy of every two projects of one value as a triangle: orange substitutes, purple complements.

    Parameters
    ----------
    synergies
        Of one value: columns a, b, synergy, kind.
    quantity
        What the value is, with its unit.
    """
    players = list(dict.fromkeys([*synergies["a"], *synergies["b"]]))
    pairs = {frozenset((row.a, row.b)): (float(row.synergy), str(row.kind)) for row in synergies.itertuples()}
    largest = max((abs(value) for value, _ in pairs.values()), default=1.0) or 1.0
    side_mm = min(112.0 / max(len(players) - 1, 1), 13.0)
    margins = Margins(
        left_mm=48.0,
        top_mm=3.0,
        bottom_mm=5.0 + 0.68 * MM_PER_PT * max(text_width_pt(text.name(*names[one]), 5.8) for one in players),
        right_mm=167.0 - 48.0 - side_mm * max(len(players) - 1, 1),
    )
    words = tuple(name for player in players for name in names[player])
    with map_style():
        height_mm = side_mm * (len(players) - 1) + margins.top_mm + margins.bottom_mm
        sheet = make_chart(text, height_mm=height_mm, margins=margins, names=(*words, *quantity))
        ax = sheet.ax
        for row in range(1, len(players)):
            for column in range(row):
                value, kind = pairs.get(frozenset((players[row], players[column])), (0.0, "independent"))
                colour = _synergy_colour(value / largest, kind)
                ax.add_patch(
                    Rectangle(
                        (column, row - 1),
                        1,
                        1,
                        facecolor=colour,
                        edgecolor="white",
                        linewidth=0.8,
                        hatch="////" if kind == "substitutes" else None,
                        gid=f"pair-{players[row]}-{players[column]}",
                    )
                )
                label = _number(value, sign="+") if kind != "independent" else "0"
                ax.text(
                    column + 0.5,
                    row - 0.5,
                    label,
                    fontsize=float(np.clip(side_mm * 0.55, 4.2, 6.4)),
                    ha="center",
                    va="center_baseline",
                    bbox={"boxstyle": "round,pad=0.12", "facecolor": (1, 1, 1, 0.75), "linewidth": 0},
                )
        ax.set(xlim=(0, len(players) - 1), ylim=(len(players) - 1, 0))
        ax.set_yticks(
            np.arange(len(players) - 1) + 0.5, ["\n".join(_fit(text.name(*names[one]))) for one in players[1:]]
        )
        ax.set_xticks(
            np.arange(len(players) - 1) + 0.5,
            [text.name(*names[one]) for one in players[:-1]],
            rotation=40,
            ha="right",
            rotation_mode="anchor",
        )
        ax.tick_params(length=0, labelsize=5.8)
        ax.spines[:].set_visible(False)
        key = text.say(
            f"协同 = 两者同建 − 各自单建之和；{quantity[0]}。橙色斜线：互相替代；紫色：互补；灰：独立",
            f"synergy = both minus the sum of each alone; {quantity[1]}. Hatched orange: substitutes; purple: complements",
            separator="\n",
        )
        sheet.figure.text(
            0.99,
            0.98 * ax.get_position().y1,
            "\n".join(wrap_text(key, 5.8, 150.0)),
            fontsize=5.8,
            ha="right",
            va="top",
            linespacing=1.3,
        )
    return sheet.figure


def _fit(name: str) -> list[str]:
    return wrap_text(name, 5.8, 44.0 * 72 / 25.4)


def _synergy_colour(share: float, kind: str) -> str:
    if kind == "independent":
        return NO_CHANGE_COLOUR
    step = min(int(abs(share) * 4), 3)
    return (FASTER_COLOURS if share > 0 else SLOWER_COLOURS)[step]


def draw_options_frontier(options: pd.DataFrame, *, names: Names, quantity: tuple[str, str], text: ChartText) -> Figure:
    """Return what each option gains against what it costs; what nothing beats is joined by a line.

    Parameters
    ----------
    options
        Of one value: columns option, cost_100m_cny, gain, on_frontier; options without a known cost are left out.
    quantity
        What the gain is, with its unit.
    """
    table = options.dropna(subset=["cost_100m_cny", "gain"]).sort_values("cost_100m_cny", kind="stable")
    words = tuple(name for option in table["option"] for name in names[option])
    with map_style():
        sheet = make_chart(
            text, height_mm=105.0, margins=Margins(left_mm=16.0, right_mm=6.0, top_mm=5.0), names=(*words, *quantity)
        )
        ax = sheet.ax
        cost, gain = table["cost_100m_cny"].to_numpy(dtype=float), table["gain"].to_numpy(dtype=float)
        best = table["on_frontier"].to_numpy(dtype=bool)
        ax.set(xlim=(0.0, 1.25 * max(cost.max(), 1.0)), ylim=(min(0.0, 1.1 * gain.min()), 1.15 * max(gain.max(), 1e-9)))
        across = np.r_[0.0, np.repeat(cost[best], 2), ax.get_xlim()[1]]
        up = np.r_[0.0, 0.0, np.repeat(gain[best], 2)]
        ax.plot(
            across,
            up,
            color=NEW_COLOUR,
            linewidth=1.2,
            zorder=2,
            gid="frontier",
            label=text.say("有效前沿", "efficient frontier"),
        )
        ax.plot(
            cost[best],
            gain[best],
            linestyle="none",
            marker="o",
            markersize=5.0,
            color=NEW_COLOUR,
            zorder=4,
            gid="on-frontier",
        )
        ax.plot(
            cost[~best],
            gain[~best],
            linestyle="none",
            marker="s",
            markersize=4.2,
            markerfacecolor="white",
            zorder=4,
            markeredgecolor=QUIET_INK_COLOUR,
            gid="dominated",
            label=text.say("被其他方案占优", "dominated by another"),
        )
        _name_points(ax, cost, gain, [names[option] for option in table["option"]], (across, up), text)
        ax.set_xlabel(text.say("投资（亿元）", "cost (100 million CNY)"))
        ax.set_ylabel(text.say(*quantity))
        quiet_axes(ax)
        ax.axhline(0.0, color=QUIET_INK_COLOUR, linewidth=0.5, zorder=1)
        ax.legend(loc="lower right", frameon=False, fontsize=6.2)
    return sheet.figure


def _name_points(
    ax: Axes, x: Floats, y: Floats, names: list[tuple[str, str]], steps: tuple[Floats, Floats], text: ChartText
) -> None:
    """Write names beside points by the placement of the maps: none lies on another, nor, if it can, on the frontier."""
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    place = ax.get_position()
    size_pt = np.array([72.0 * side for side in figure.get_size_inches() * (place.width, place.height)])
    low = np.array([ax.get_xlim()[0], ax.get_ylim()[0]])
    per_unit = size_pt / (np.array([ax.get_xlim()[1], ax.get_ylim()[1]]) - low)
    points = (np.column_stack([x, y]) - low) * per_unit
    corners = (np.column_stack(steps) - low) * per_unit
    line = shapely.segmentize(shapely.linestrings(corners), 3.0) if len(corners) > 1 else None
    covered = shapely.get_coordinates(line) if line is not None else None
    labels = [Label(*name, 3, float(one), float(two), 5.0) for name, (one, two) in zip(names, points, strict=True)]
    frame = Box(0.0, 0.0, float(size_pt[0]), float(size_pt[1]))
    placed = place_labels(labels, frame=frame, covered_points_pt=covered, language=text.language)
    draw_labels(ax, placed, language=text.language, zorder=6)
