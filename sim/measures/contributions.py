"""Stage 4h: what each project contributes to a value: first in, last in, on average over all orders; and which duplicate.

A value is any number that is better when higher: minutes of slack of a target, people within an hour, minutes saved.
Every coalition of players is built and asked for it once; all else is arithmetic on the answers (`sim.measures.shapley`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.measures.players import OTHERS, Players, join_players, join_systems
from sim.measures.shapley import (
    MOST_PLAYERS,
    first_in,
    interaction_index,
    last_in,
    needed_by,
    precedence_values,
    shapley_values,
    synergies,
)
from sim.scenario.project import Project
from sim.times.pair_minutes import BIN_MIN

__all__ = [
    "CONTRIBUTION_COLUMNS",
    "INDEPENDENT_SHARE",
    "SYNERGY_COLUMNS",
    "Evaluate",
    "Game",
    "play_game",
    "reduce_players",
]

Evaluate = Callable[[Sequence[frozenset[str]]], Sequence[Mapping[str, float]]]
"""Returns for each set of projects, built beyond the base, every value by its name; higher is better, none is NaN."""

CONTRIBUTION_COLUMNS = (
    "value",
    "player",
    "projects",
    "first_in",
    "last_in",
    "shapley",
    "share",
    "shapley_in_order",
    "base_value",
)
SYNERGY_COLUMNS = ("value", "a", "b", "synergy", "kind", "interaction")

INDEPENDENT_SHARE = 0.01
"""Two projects are independent when their synergy is within this share of the most that either or both bring."""

SAME, SAME_PAIRS = 0.05, 2 * BIN_MIN
"""And when it is below this: minutes are shown to a tenth, people are whole. Minutes door to door are counted in bins: of the
four in a synergy two can be a bin too high while two are not."""

ROUNDING = 1e-9


@dataclass(frozen=True)
class Game:
    """The values of all coalitions of some players.

    Attributes
    ----------
    values : one row per coalition in the order of `sim.measures.shapley`, one column per value.
    n_built : how many different sets of projects were built for them.
    """

    players: Players
    values: pd.DataFrame
    n_built: int

    @property
    def _requires(self) -> list[int]:
        return [self.players.required_by(k) for k in range(len(self.players.players))]

    def contributions(self) -> pd.DataFrame:
        """Return what each player contributes to each value, columns `CONTRIBUTION_COLUMNS`.

        first_in : added to the base alone. last_in : lost when all but it are built. shapley : added on average over
        all orders; these add up to what all bring together, of which share is this part (NaN where they bring
        nothing). shapley_in_order : over orders in which requirements come first (Faigle and Kern 1992).
        base_value : the value without any of them.
        """
        requires = self._requires
        parts = []
        for name in self.values:
            values = self.values[name].to_numpy(dtype=np.float64)
            shapley, total = shapley_values(values), values[-1] - values[0]
            part = pd.DataFrame(
                {
                    "value": name,
                    "player": self.players.ids,
                    "projects": [";".join(player.projects) for player in self.players.players],
                    "first_in": first_in(values),
                    "last_in": last_in(values),
                    "shapley": shapley,
                    "share": shapley / total if abs(total) > ROUNDING else np.nan,
                    "shapley_in_order": precedence_values(values, requires),
                    "base_value": values[0],
                }
            )
            parts.append(part.sort_values("shapley", ascending=False, kind="stable"))
        return pd.concat(parts, ignore_index=True)[list(CONTRIBUTION_COLUMNS)]

    def synergies(self) -> pd.DataFrame:
        """Return the synergy of every two players for each value, columns `SYNERGY_COLUMNS`.

        synergy : v(a, b) - v(a) - v(b) + v(), over the base and what either requires. interaction : the same averaged
        over what else is built (Grabisch and Roubens 1999). kind : of the synergy; substitutes below 0, complements
        above, independent when it is within `INDEPENDENT_SHARE` of the most that one or both bring, or `SAME` or
        `SAME_PAIRS`.
        """
        ids, rows = self.players.ids, []
        requires = self._requires
        for name in self.values:
            values = self.values[name].to_numpy(dtype=np.float64)
            pairs, index = synergies(values, requires), interaction_index(values)
            for a, b in combinations(range(len(ids)), 2):
                needed = needed_by(a, b, requires)
                with_them = [needed | 1 << a, needed | 1 << b, needed | 1 << a | 1 << b]
                scale = float(np.abs(values[with_them] - values[needed]).max())
                same = SAME_PAIRS if str(name).endswith(":door_to_door") else SAME
                kind = _kind(float(pairs[a, b]), max(INDEPENDENT_SHARE * scale, same))
                rows.append((name, ids[a], ids[b], pairs[a, b], kind, index[a, b]))
        return pd.DataFrame(rows, columns=list(SYNERGY_COLUMNS))


def _kind(synergy: float, same: float) -> str:
    if abs(synergy) <= same:
        return "independent"
    return "complements" if synergy > 0 else "substitutes"


def play_game(players: Players, evaluate: Evaluate) -> Game:
    """Return the values of all coalitions; coalitions that build the same are built once.

    Raises
    ------
    InputError: there are more than `MOST_PLAYERS`; group them, by hand or with `reduce_players`.
    """
    if len(players.players) > MOST_PLAYERS:
        raise InputError(
            f"{len(players.players)} projects make {2 ** len(players.players):,} coalitions; at most {MOST_PLAYERS} "
            f"players can be computed: group some of {', '.join(players.ids)}"
        )
    return _evaluate_all(players, _all_coalitions(players), evaluate)


def reduce_players(players: Players, projects: Mapping[str, Project], evaluate: Evaluate) -> Players:
    """Return at most `MOST_PLAYERS` players.

    First those of one system are joined. If that is not enough, those that matter least are joined as "others": by the
    larger of |first in| and |last in| as a share of the largest among the players, and the largest over the values.
    Players grouped by hand stay as they are.
    """
    if len(players.players) <= MOST_PLAYERS:
        return players
    players = join_systems(players, projects)
    if len(players.players) <= MOST_PLAYERS:
        return players
    everyone = frozenset(players.ids)
    wanted = [frozenset(), everyone, *(frozenset({k}) for k in players.ids), *(everyone - {k} for k in players.ids)]
    table = pd.DataFrame(evaluate([players.built(coalition) for coalition in wanted])).to_numpy(dtype=np.float64)
    n = len(players.ids)
    alone, lost = np.abs(table[2 : n + 2] - table[0]), np.abs(table[1] - table[n + 2 :])
    effect = np.maximum(alone, lost)
    largest = effect.max(axis=0)
    weight = np.divide(effect, largest, out=np.zeros_like(effect), where=largest > ROUNDING).max(axis=1)
    ranked = [players.ids[k] for k in np.argsort(weight, kind="stable") if players.ids[k] not in players.by_hand]
    return join_players(players, ranked[: n - MOST_PLAYERS + 1], OTHERS)


def _all_coalitions(players: Players) -> list[frozenset[str]]:
    ids = players.ids
    return [frozenset(ids[k] for k in range(len(ids)) if m >> k & 1) for m in range(1 << len(ids))]


def _evaluate_all(players: Players, coalitions: Sequence[frozenset[str]], evaluate: Evaluate) -> Game:
    built = [players.built(coalition) for coalition in coalitions]
    distinct = list(dict.fromkeys(built))
    answers = pd.DataFrame(evaluate(distinct))
    if answers.isna().to_numpy().any():
        names = ", ".join(answers.columns[answers.isna().any()])
        raise ValueError(f"a value is missing for some coalitions: {names}")
    position = {projects: k for k, projects in enumerate(distinct)}
    values = answers.iloc[[position[projects] for projects in built]].reset_index(drop=True)
    return Game(players, values, len(distinct))
