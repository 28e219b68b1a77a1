"""Stage 4h: cooperative games of up to ten players: what each is worth alone, last, and on average over all orders.

A game is one number for every coalition, kept in an array: player k is in coalition number m when bit k of m is set, so
that 0 is the empty coalition and 2**n - 1 the grand one. All functions here are sums over that array and exact.
"""

from collections.abc import Sequence
from itertools import combinations
from math import factorial

import numpy as np
import numpy.typing as npt

__all__ = [
    "MOST_PLAYERS",
    "coalition_number",
    "first_in",
    "interaction_index",
    "last_in",
    "needed_by",
    "precedence_values",
    "shapley_values",
    "synergies",
]

Floats = npt.NDArray[np.float64]

MOST_PLAYERS = 10
"""2**10 = 1,024 coalitions are minutes of computing; every further player doubles them."""


def coalition_number(players: Sequence[str], coalition: "frozenset[str] | set[str]") -> int:
    """Return the number of a coalition.

    >>> coalition_number(["a", "b", "c"], {"a", "c"})
    5
    """
    return sum(1 << k for k, player in enumerate(players) if player in coalition)


def first_in(values: npt.ArrayLike) -> Floats:
    """Return what each player adds to the empty coalition, v({k}) - v({}), (n_players,)."""
    game = _game(values)
    return np.array([game[1 << k] - game[0] for k in range(_count(game))])


def last_in(values: npt.ArrayLike) -> Floats:
    """Return what the grand coalition loses without each player, v(N) - v(N without k), (n_players,)."""
    game = _game(values)
    full = len(game) - 1
    return np.array([game[full] - game[full ^ (1 << k)] for k in range(_count(game))])


def shapley_values(values: npt.ArrayLike) -> Floats:
    """Return the Shapley value of each player: what it adds to those before it, on average over all orders.

        phi_k = sum over S without k of  |S|! (n - |S| - 1)! / n!  (v(S + k) - v(S))

    The values add up to v(N) - v({}). Reference: Shapley (1953), A value for n-person games.

    Two left gloves and a right one, of which a pair is worth 1: the right glove gets 2/3, each left one 1/6.

    >>> shapley_values([0, 0, 0, 0, 0, 1, 1, 1]).round(4).tolist()  # bits 0 and 1 left, bit 2 right
    [0.1667, 0.1667, 0.6667]
    """
    game = _game(values)
    n = _count(game)
    numbers = np.arange(len(game))
    sizes = _sizes(n)
    weights = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])
    result = np.empty(n)
    for k in range(n):
        without = numbers[(numbers >> k) & 1 == 0]
        result[k] = weights[sizes[without]] @ (game[without | (1 << k)] - game[without])
    return result


def precedence_values(values: npt.ArrayLike, requires: Sequence[int]) -> Floats:
    """Return the Shapley value of games with precedence: only orders in which requirements come first are averaged.

    What a player enables later is credited to the later one. Reference: Faigle and Kern (1992), The Shapley value for
    cooperative games under precedence constraints. Without requirements this is `shapley_values`.

    Parameters
    ----------
    requires : the coalition of players that each needs to be there before it, as a number; not in a circle.

    A line worth 0 and trains over it worth 1: the only order is line, trains.

    >>> precedence_values([0, 0, 0, 1], requires=[0, 0b01]).tolist()
    [0.0, 1.0]
    """
    game = _game(values)
    n = _count(game)
    orders_to = _count_orders(n, requires)
    orders_from = _count_orders_onward(n, requires, orders_to)
    total = orders_to[-1]
    if total == 0:
        raise ValueError("the requirements go in a circle: there is no order in which they hold")
    result = np.zeros(n)
    for m in np.flatnonzero(orders_to):
        for k in range(n):
            if not m >> k & 1 and requires[k] & ~m == 0:
                after = m | (1 << k)
                result[k] += orders_to[m] * orders_from[after] / total * (game[after] - game[m])
    return result


def synergies(values: npt.ArrayLike, requires: Sequence[int] = ()) -> Floats:
    """Return v({a, b}) - v({a}) - v({b}) + v({}) of every two players, (n_players, n_players), 0 on the diagonal.

    Above 0 two players are complements, below 0 substitutes.

    Parameters
    ----------
    requires : the coalition that each needs, as a number; what either needs is there in all four terms, as two players
        of which one can do nothing yet would always seem independent.

    Two lines of which either saves 30 min, the second over a bridge (player 2): substitutes, once the bridge is there.

    >>> game = [0, 30, 0, 30, 0, 30, 30, 30]
    >>> float(synergies(game)[0, 1]), float(synergies(game, [0, 0b100, 0])[0, 1])
    (0.0, -30.0)
    """
    game = _game(values)
    n = _count(game)
    result = np.zeros((n, n))
    for a, b in combinations(range(n), 2):
        result[a, b] = result[b, a] = _joint(game, needed_by(a, b, requires), a, b)
    return result


def needed_by(a: int, b: int, requires: Sequence[int]) -> int:
    """Return the coalition that either of two players needs, without the two."""
    needed = requires[a] | requires[b] if requires else 0
    return needed & ~(1 << a | 1 << b)


def interaction_index(values: npt.ArrayLike) -> Floats:
    """Return the Shapley interaction index of every two players, (n_players, n_players), 0 on the diagonal.

        I_ab = sum over S without a, b of  |S|! (n - |S| - 2)! / (n - 1)!  (v(S + ab) - v(S + a) - v(S + b) + v(S))

    The synergy of two players averaged over what else is there. Reference: Grabisch and Roubens (1999), An axiomatic
    approach to the concept of interaction among players in cooperative games. Of two players it is their synergy.
    """
    game = _game(values)
    n = _count(game)
    numbers, sizes = np.arange(len(game)), _sizes(n)
    result = np.zeros((n, n))
    for a, b in combinations(range(n), 2):
        without = numbers[(numbers & ((1 << a) | (1 << b))) == 0]
        weights = [factorial(s) * factorial(n - s - 2) / factorial(n - 1) for s in range(n - 1)]
        result[a, b] = result[b, a] = np.array(weights)[sizes[without]] @ _joint(game, without, a, b)
    return result


def _joint(game: Floats, without: "int | npt.NDArray[np.int64]", a: int, b: int) -> Floats:
    """Return what two players add together to coalitions beyond what each adds alone."""
    first, second = 1 << a, 1 << b
    joint: Floats = game[without | first | second] - game[without | first] - game[without | second] + game[without]
    return joint


def _count_orders(n: int, requires: Sequence[int]) -> Floats:
    """Return in how many orders each coalition can come about with requirements first; 0 where it cannot."""
    orders = np.zeros(1 << n)
    orders[0] = 1.0
    for m in range(1 << n):
        if orders[m]:
            for k in range(n):
                if not m >> k & 1 and requires[k] & ~m == 0:
                    orders[m | (1 << k)] += orders[m]
    return orders


def _count_orders_onward(n: int, requires: Sequence[int], orders_to: Floats) -> Floats:
    """Return in how many orders each coalition can be completed with requirements first."""
    orders = np.zeros(1 << n)
    orders[-1] = 1.0
    for m in range((1 << n) - 2, -1, -1):
        if orders_to[m]:
            steps = (k for k in range(n) if not m >> k & 1 and requires[k] & ~m == 0)
            orders[m] = sum(orders[m | (1 << k)] for k in steps)
    return orders


def _sizes(n: int) -> npt.NDArray[np.int64]:
    """Return the number of players of every coalition, (2**n,)."""
    sizes: npt.NDArray[np.int64] = ((np.arange(1 << n)[:, None] >> np.arange(n)) & 1).sum(axis=1)
    return sizes


def _game(values: npt.ArrayLike) -> Floats:
    """Return the values of all coalitions as an array, checked to be one for each."""
    game = np.asarray(values, dtype=np.float64)
    if game.ndim != 1 or len(game) < 2 or len(game) & (len(game) - 1):
        raise ValueError(f"a game of n players has 2**n values, not {game.shape}")
    if not np.isfinite(game).all():
        raise ValueError("a game has a number for every coalition; what cannot be reached needs one too")
    return game


def _count(game: Floats) -> int:
    """Return the number of players."""
    return len(game).bit_length() - 1
