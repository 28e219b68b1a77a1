"""Stage 4i: options side by side: what a gain costs, which options are dominated, how they rank and how firmly.

Options are compared by criteria, each better when lower (a cost) or higher (a gain). Weights are in sight, equal unless
given, and the ranking is repeated under weights drawn at random: a ranking that turns with the weights is no evidence.

    normalised = (value - worst) / (best - worst) over the options, 1 for all where they are equal      (min-max)
    score      = sum over criteria of  weight x normalised,  weights adding up to 1                     (weighted sum)

References: Keeney and Raiffa (1976), Decisions with multiple objectives; random weights over all that there are, uniform
on the simplex: Lahdelma, Hokkanen and Salminen (1998), SMAA - stochastic multiobjective acceptability analysis.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from sim.errors import InputError, did_you_mean

__all__ = [
    "CRITERION_COLUMNS",
    "OPTION_COLUMNS",
    "RANK_COLUMNS",
    "find_dominating",
    "price_gains",
    "rank_options",
]

Floats = npt.NDArray[np.float64]

OPTION_COLUMNS = (
    "option",
    "projects",
    "value",
    "base_value",
    "option_value",
    "gain",
    "cost_100m_cny",
    "cost_100m_cny_per_minute",
    "cost_cny_per_person",
    "on_frontier",
    "dominated_by",
)
CRITERION_COLUMNS = ("option", "criterion", "value", "better")
RANK_COLUMNS = (
    "option",
    "rank",
    "score",
    "share_first",
    "mean_rank",
    "dominated_by",
    "criterion",
    "value",
    "better",
    "weight",
    "normalised",
)
BETTER = ("higher", "lower")

CNY_PER_100M = 1e8
NOTHING = "(nothing)"
"""Stands for doing nothing where that dominates an option."""
SAME = 1e-9
"""Scores that differ by less are the same."""


def price_gains(options: pd.DataFrame) -> pd.DataFrame:
    """Return what each option gains in each value and what that costs, columns `OPTION_COLUMNS`.

    Parameters
    ----------
    options : option, projects, value, base_value, option_value, cost_100m_cny (NaN: not known).

    A value whose name begins with "people" counts persons, with "indicator" it has no price, any other counts minutes. The cost
    per minute or person is NaN where nothing is gained. On the efficient frontier of a value is what no other option gains as
    much as for as little; dominated_by names those that do, and "(nothing)" where nothing is gained. Without a cost, an option
    is on no frontier and dominates none.

    An option of 200 x 100 million yuan that saves 40 min costs 5 x 100 million a minute.
    """
    table = options.assign(gain=options["option_value"] - options["base_value"])
    per_gain = (table["cost_100m_cny"] / table["gain"]).where(table["gain"] > 0)
    counts_people = table["value"].str.startswith("people")
    counts_minutes = ~counts_people & ~table["value"].str.startswith("indicator")
    table["cost_100m_cny_per_minute"] = per_gain.where(counts_minutes)
    table["cost_cny_per_person"] = (per_gain * CNY_PER_100M).where(counts_people)
    table["dominated_by"] = ""
    table["on_frontier"] = False
    for _, rows in table[table["cost_100m_cny"].notna()].groupby("value", sort=False):
        goodness = np.column_stack([-rows["cost_100m_cny"], rows["gain"]])
        dominating = find_dominating(list(rows["option"]), goodness)
        # To do nothing costs nothing and gains nothing: an option without a gain is no better than that.
        idle = [NOTHING if gain <= 0 else "" for gain in rows["gain"]]
        dominating = [";".join(filter(None, names)) for names in zip(dominating, idle, strict=True)]
        table.loc[rows.index, "dominated_by"] = dominating
        table.loc[rows.index, "on_frontier"] = [not names for names in dominating]
    return table[list(OPTION_COLUMNS)]


def find_dominating(options: Sequence[str], goodness: Floats) -> list[str]:
    """Return for each option those that are at least as good in everything and better in something, joined by ";".

    Parameters
    ----------
    goodness : (n_options, n_criteria), better when higher.
    """
    found = []
    for own in goodness:
        dominates = (goodness >= own).all(axis=1) & (goodness > own).any(axis=1)
        found.append(";".join(name for name, over in zip(options, dominates, strict=True) if over))
    return found


def rank_options(
    criteria: pd.DataFrame, *, weights: Mapping[str, float] | None = None, draws: int = 10_000, seed: int = 1
) -> pd.DataFrame:
    """Return the options ranked by their weighted sum, and how firmly, columns `RANK_COLUMNS`.

    There is one row per option and criterion, so that weight x normalised can be added up to the score by hand.

    Parameters
    ----------
    criteria : option, criterion, value, better ("higher" or "lower"); one row for each option and criterion.
    weights : by criterion; those not named get 0. By default all are equal. They are scaled to add up to 1.
    draws, seed : weights drawn uniformly from all that add up to 1 (Dirichlet), for the next two columns.

    share_first : share of the draws in which an option comes first (a tie is shared). mean_rank : over the draws.
    dominated_by : options at least as good in every criterion and better in one; such an option is never first.

    Raises
    ------
    InputError: an unknown criterion among the weights, negative weights, or a value that is missing.
    """
    _check_criteria(criteria)
    table = criteria.pivot_table(index="option", columns="criterion", values="value", sort=False)
    better = criteria.drop_duplicates("criterion").set_index("criterion")["better"]
    direction = np.where(better[table.columns] == "higher", 1.0, -1.0)
    goodness = table.to_numpy(dtype=np.float64) * direction
    normalised = _normalise(goodness)
    weight = _scale_weights(list(table.columns), weights)
    scores = normalised @ weight
    random = np.random.default_rng(seed).dirichlet(np.ones(len(weight)), size=draws)
    drawn = normalised @ random.T  # (n_options, n_draws)
    first = drawn >= drawn.max(axis=0) - SAME
    summary = pd.DataFrame(
        {
            "rank": rankdata(-np.round(scores / SAME), method="min").astype(int),
            "score": scores,
            "share_first": (first / first.sum(axis=0)).mean(axis=1),
            "mean_rank": rankdata(-np.round(drawn / SAME), axis=0).mean(axis=1),
            "dominated_by": find_dominating(list(table.index), goodness),
        },
        index=table.index,
    )
    long = criteria[list(CRITERION_COLUMNS)].assign(
        weight=criteria["criterion"].map(dict(zip(table, weight, strict=True)))
    )
    shares = pd.DataFrame(normalised, index=table.index, columns=table.columns)
    pairs = zip(long["option"], long["criterion"], strict=True)
    long["normalised"] = [float(shares.loc[option, criterion]) for option, criterion in pairs]
    ranked = long.merge(summary, left_on="option", right_index=True)
    return ranked.sort_values("rank", kind="stable")[list(RANK_COLUMNS)].reset_index(drop=True)


def _normalise(goodness: Floats) -> Floats:
    """Return each criterion from 0 for the worst option to 1 for the best; 1 for all where they are equal."""
    worst, best = goodness.min(axis=0), goodness.max(axis=0)
    same = best == worst
    return np.where(same, 1.0, (goodness - worst) / np.where(same, 1.0, best - worst))


def _scale_weights(criteria: Sequence[str], weights: Mapping[str, float] | None) -> Floats:
    if weights is None:
        return np.full(len(criteria), 1.0 / len(criteria))
    problems = [
        f"weight of '{name}': no such criterion{_near(name, criteria)}" for name in weights if name not in criteria
    ]
    problems += [
        f"weight of '{name}' is {value:g}; it must be 0 or more"
        for name, value in weights.items()
        if not 0 <= value < np.inf
    ]
    if not problems and not sum(weights.values()) > 0:
        problems.append("all weights are 0")
    if problems:
        raise InputError(problems)
    given = np.array([weights.get(name, 0.0) for name in criteria])
    scaled: Floats = given / given.sum()
    return scaled


def _near(name: str, criteria: Sequence[str]) -> str:
    return did_you_mean(name, criteria) or f"; there are {', '.join(criteria)}"


def _check_criteria(criteria: pd.DataFrame) -> None:
    """Check that every option has one value for every criterion, and that each is better one way."""
    problems: list[str] = []
    counts: pd.Series[Any] = criteria.groupby(["option", "criterion"]).size()
    problems += [f"option '{option}', criterion '{name}': stated twice" for option, name in counts.index[counts > 1]]
    known = set(zip(criteria["option"], criteria["criterion"], strict=True))
    problems += [
        f"option '{option}', criterion '{name}': no value"
        for option in criteria["option"].unique()
        for name in criteria["criterion"].unique()
        if (option, name) not in known
    ]
    for row in criteria.itertuples():
        if not np.isfinite(row.value):
            problems.append(f"option '{row.option}', criterion '{row.criterion}': the value is missing")
        if row.better not in BETTER:
            near = did_you_mean(str(row.better), BETTER)
            problems.append(f"criterion '{row.criterion}': better is '{row.better}'; it must be higher or lower{near}")
    ways = criteria.groupby("criterion")["better"].nunique()
    problems += [f"criterion '{name}' is better both ways" for name in ways.index[ways > 1]]
    if not len(criteria):
        problems.append("there is nothing to rank: no option has a cost and a gain")
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
