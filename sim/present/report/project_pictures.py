"""Stage 5e: the charts of contributions, options and switching values, where their tables have been written."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sim.present.project_charts import draw_contribution_waterfall, draw_options_frontier, draw_synergy_matrix
from sim.present.report.data import ReportData
from sim.present.report.findings import name_player, name_reading, name_target, name_value
from sim.present.report.picture_jobs import Draw, PictureJob, chart_text
from sim.present.report.published import in_units
from sim.present.report.sentences import Sentences
from sim.present.target_charts import draw_switching_tornado

__all__ = ["list_project_jobs"]

SCALED = ("base_value", "option_value", "first_in", "last_in", "shapley", "synergy", "gain")
FEWEST_FOR_ALL_VALUES = 3
"""Two options are two points: one chart of their costs and gains is enough, the table has the others."""
ZH, EN = Sentences("zh"), Sentences("en")


def list_project_jobs(data: ReportData) -> Iterator[PictureJob]:
    """Yield the charts of comparisons: of some of the values that each was asked for."""
    contributions, synergies = data.table("contributions"), data.table("synergy")
    if contributions is not None:
        values = _spread(contributions["value"])
        for number, value in enumerate(values, start=1):
            yield from _contributions(data, contributions, value, number)
        if synergies is not None:
            yield from _synergies(data, synergies, values[0])
    options, switches = data.table("options"), data.table("switching_values")
    if options is not None:
        for number, value in enumerate(_spread(options["value"]), start=1):
            yield from _options(data, options, value, number)
    if switches is not None:
        yield from _switches(data, switches)


def _spread(values: "pd.Series[str]") -> list[str]:
    """Return the first, the middle and the last of what was asked: charts of all of them would fill a chapter."""
    every = [str(value) for value in values.unique()]
    return [every[place] for place in sorted({0, len(every) // 2, len(every) - 1})]


def _quantity(data: ReportData, value: str) -> tuple[str, str]:
    return name_value(data, ZH, value), name_value(data, EN, value)


def _plain(data: ReportData, value: str) -> tuple[str, str]:
    """Return what was asked as titles say it, without its unit."""
    english = name_value(data, EN, value, unit="without")
    return name_value(data, ZH, value, unit="without"), english[:1].upper() + english[1:]


def _names(data: ReportData, players: "pd.Series[str]") -> dict[str, tuple[str, str]]:
    return {one: (name_player(data, ZH, one), name_player(data, EN, one)) for one in players.astype(str)}


def _contributions(data: ReportData, table: pd.DataFrame, value: str, number: int) -> Iterator[PictureJob]:
    quantity, rows = _quantity(data, value), in_units(table[table["value"] == value], SCALED)
    base_value = float(rows["base_value"].iloc[0]) if "base_value" in rows else 0.0
    plain = _plain(data, value)
    text = chart_text(data, _title_of_contributions(rows, plain, _names(data, rows["player"]), value))
    names = _names(data, rows["player"])
    draw = partial(draw_contribution_waterfall, rows, base_value=base_value, names=names, quantity=quantity, text=text)
    captions = f"各项目的贡献（沙普利值）：{plain[0]}", f"Contribution of each project (Shapley): {plain[1]}"
    yield PictureJob("contributions", f"C6_contributions_{number}", *captions, draw)


def _synergies(data: ReportData, table: pd.DataFrame, value: str) -> Iterator[PictureJob]:
    rows = in_units(table[table["value"] == value], SCALED)
    if rows.empty:
        return
    quantity = _quantity(data, value)
    names = _names(data, pd.concat([rows["a"], rows["b"]]))
    plain = _plain(data, value)
    text = chart_text(data, _title_of_synergies(rows, plain))
    draw = partial(draw_synergy_matrix, rows, names=names, quantity=quantity, text=text)
    captions = f"项目之间的替代与互补：{plain[0]}", f"Substitutes and complements: {plain[1]}"
    yield PictureJob("contributions", "C7_synergy", *captions, draw)


def _options(data: ReportData, table: pd.DataFrame, value: str, number: int) -> Iterator[PictureJob]:
    quantity, rows = _quantity(data, value), in_units(table[table["value"] == value], SCALED)
    few = len(rows) < FEWEST_FOR_ALL_VALUES and number > 1
    if few or rows["cost_100m_cny"].notna().sum() == 0:
        return
    gain = f"收益：{quantity[0]}", f"gain: {quantity[1]}"
    plain = _plain(data, value)
    text = chart_text(data, _title_of_options(rows, plain))
    names = _names(data, rows["option"])
    draw: Draw = partial(draw_options_frontier, rows, names=names, quantity=gain, text=text)
    captions = f"方案的投资与收益：{plain[0]}", f"Cost and gain of the options: {plain[1]}"
    yield PictureJob("options", f"C8_options_{number}", *captions, draw)


def _switches(data: ReportData, table: pd.DataFrame) -> Iterator[PictureJob]:
    """Yield the tornado of the first target and reading."""
    target, reading = str(table["target"].iloc[0]), str(table["reading"].iloc[0])
    rows = table[(table["target"] == target) & (table["reading"] == reading)]
    rows = rows.rename(columns={"value_min": "now_value_min"})
    asked = (
        f"{name_target(data, ZH, target)}，{name_reading(data, ZH, reading, target)}",
        f"{name_target(data, EN, target)}, {name_reading(data, EN, reading, target)}",
    )
    text = chart_text(data, _title_of_switches(rows, asked))
    names = {str(lever): (ZH.say(f"lever.{lever}"), EN.say(f"lever.{lever}")) for lever in rows["lever"]}
    captions = f"单独改变一项的效果：{asked[0]}", f"What each thing does alone: {asked[1]}"
    draw = partial(draw_switching_tornado, rows, names=names, text=text)
    yield PictureJob("switching", "C9_switching", *captions, draw)


def _title_of_contributions(
    rows: pd.DataFrame, plain: tuple[str, str], names: dict[str, tuple[str, str]], value: str
) -> tuple[str, str]:
    """Return which project adds most, and how much of it."""
    best = rows.loc[rows["shapley"].idxmax()]
    amount = float(best["shapley"])
    if amount <= 0:
        return f"没有项目改善“{plain[0]}”", f"No project improves {plain[1]}"
    name, name_en = names[str(best["player"])]
    if value.startswith("people"):
        units = (f"{amount:+,.0f}万人", f"{amount / 100:+,.1f} million")
    elif value.startswith(("slack_min", "minutes_saved")):
        units = (f"{amount:+.1f}分钟", f"{amount:+.1f} min")
    else:
        units = (f"{amount:+,.1f}", f"{amount:+,.1f}")
    return f"{plain[0]}：{name}贡献最大，{units[0]}", f"{plain[1]}: {name_en} adds most, {units[1]}"


def _title_of_synergies(rows: pd.DataFrame, plain: tuple[str, str]) -> tuple[str, str]:
    """Return how many pairs of projects do the same work, and how many help each other."""
    counts = rows["kind"].value_counts()
    same, other = int(counts.get("substitutes", 0)), int(counts.get("complements", 0))
    return (
        f"{plain[0]}：{same}对项目互相替代，{other}对互补",
        f"{plain[1]}: {same} {'pair' if same == 1 else 'pairs'} of substitutes, {other} of complements",
    )


def _title_of_options(rows: pd.DataFrame, plain: tuple[str, str]) -> tuple[str, str]:
    """Return how many options nothing cheaper and better beats."""
    best = int(rows["on_frontier"].astype(bool).sum())
    return (
        f"{plain[0]}：{len(rows)}个方案中{best}个在有效边界上",
        f"{plain[1]}: {best} of {len(rows)} options {'is' if best == 1 else 'are'} on the efficient frontier",
    )


def _title_of_switches(rows: pd.DataFrame, asked: tuple[str, str]) -> tuple[str, str]:
    """Return how many of the changes meet the target by themselves."""
    alone = int(rows["met_by_this_alone"].astype(str).str.lower().isin(["true", "yes"]).sum())
    best, limit = float(rows["best_value_min"].min()), float(rows["limit_min"].iloc[0])
    if not alone:
        return (
            f"{asked[0]}：单独改变任何一项都达不到{limit:.0f}分钟，最好{best:.0f}分钟",
            f"{asked[1]}: no change alone brings it to {limit:.0f} min; the best to {best:.0f}",
        )
    return (
        f"{asked[0]}：{len(rows)}项中有{alone}项单独即可达到{limit:.0f}分钟",
        f"{asked[1]}: {alone} of {len(rows)} changes alone {'brings' if alone == 1 else 'bring'} it to {limit:.0f} min",
    )
