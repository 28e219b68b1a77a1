"""Games whose Shapley values are worked by hand, what every Shapley value must satisfy, and averages over all orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.measures.shapley import (
    coalition_number,
    first_in,
    interaction_index,
    last_in,
    precedence_values,
    shapley_values,
    synergies,
)

MOST = 5


def games(players=MOST):
    sizes = st.integers(1, players)
    numbers = st.floats(-1000, 1000, allow_nan=False, width=32)
    return sizes.flatmap(lambda n: arrays(np.float64, 1 << n, elements=numbers))


def count(game):
    return len(game).bit_length() - 1


def average_over_orders(game, requires=None):
    """The definition, written out: every order of the players, each adding to those before it."""
    n = count(game)
    requires = requires or [0] * n
    total, orders = np.zeros(n), 0
    for order in permutations(range(n)):
        before, adds = 0, np.zeros(n)
        for player in order:
            if requires[player] & ~before:
                break
            adds[player] = game[before | 1 << player] - game[before]
            before |= 1 << player
        else:
            total += adds
            orders += 1
    return total / orders


def test_a_coalition_has_the_bits_of_its_players():
    assert coalition_number(["a", "b", "c"], frozenset({"b", "c"})) == 0b110
    assert coalition_number(["a", "b", "c"], frozenset()) == 0


def test_glove_game():
    # Bits 0 and 1 hold a left glove, bit 2 the right one. The right one completes a pair unless it comes first: 2/3 of
    # the orders. A left one does only when it follows the right one directly at the start: 1 order of 6.
    game = [0, 0, 0, 0, 0, 1, 1, 1]
    assert shapley_values(game) == pytest.approx([1 / 6, 1 / 6, 4 / 6])
    assert first_in(game).tolist() == [0, 0, 0]
    assert last_in(game).tolist() == [0, 0, 1]


def test_airport_game():
    # Runways cost 1, 2 and 3; a coalition pays for its longest. Each kilometre is shared by those who need it:
    # 1/3; 1/3 + 1/2; 1/3 + 1/2 + 1 (Littlechild and Owen 1973).
    runway = [1, 2, 3]
    game = [max((runway[k] for k in range(3) if m >> k & 1), default=0) for m in range(8)]
    assert shapley_values(game) == pytest.approx([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 1])


def test_two_parallel_lines_are_substitutes_and_two_in_series_complements():
    # Either line of a pair saves the 30 min; or both lines of a chain are needed.
    assert synergies([0, 30, 30, 30])[0, 1] == -30
    assert synergies([0, 0, 0, 30])[0, 1] == 30
    assert synergies([5, 15, 25, 35])[0, 1] == 0


def test_interaction_of_the_gloves():
    # Left and left: nothing without the right glove, -1 with it (1 - 1 - 1 + 0): the mean is -1/2.
    # Left and right: 1 on their own, 0 when the other left one is there (1 - 1 - 0 + 0): 1/2.
    index = interaction_index([0, 0, 0, 0, 0, 1, 1, 1])
    assert index[0, 1] == pytest.approx(-1 / 2)
    assert index[0, 2] == index[1, 2] == pytest.approx(1 / 2)


def test_interaction_of_two_players_is_their_synergy():
    game = [1.0, 4.0, 9.0, 2.0]
    assert interaction_index(game)[0, 1] == pytest.approx(synergies(game)[0, 1])


def test_a_requirement_gets_half_of_what_it_enables_and_nothing_of_it_in_order():
    # Player 1 (trains) is worth 12, but only over player 0 (a line).
    game = [0, 0, 0, 12]
    assert shapley_values(game) == pytest.approx([6, 6])
    assert precedence_values(game, [0, 0b01]) == pytest.approx([0, 12])


@given(games())
def test_shapley_values_are_the_average_over_all_orders(game):
    assert shapley_values(game) == pytest.approx(average_over_orders(game), abs=1e-6)


@given(games(), st.data())
def test_values_in_order_are_the_average_over_the_orders_that_hold(game, data):
    # A player may require players of lower number only, so that no circle arises.
    requires = [data.draw(st.integers(0, (1 << k) - 1)) for k in range(count(game))]
    assert precedence_values(game, requires) == pytest.approx(average_over_orders(game, requires), abs=1e-6)


@given(games())
def test_shares_add_up_to_what_all_bring_together(game):
    assert shapley_values(game).sum() == pytest.approx(game[-1] - game[0], abs=1e-6)
    assert precedence_values(game, [0] * count(game)) == pytest.approx(shapley_values(game), abs=1e-6)


@given(games(4))
def test_who_adds_nothing_gets_nothing_and_interacts_with_nobody(game):
    n = count(game)
    larger = np.concatenate([game, game])  # player n changes no coalition
    assert shapley_values(larger)[n] == pytest.approx(0, abs=1e-9)
    assert shapley_values(larger)[:n] == pytest.approx(shapley_values(game), abs=1e-6)
    assert interaction_index(larger)[n] == pytest.approx(np.zeros(n + 1), abs=1e-9)


@given(games())
def test_players_who_do_the_same_get_the_same(game):
    numbers = np.arange(len(game))
    if count(game) < 2:
        return
    swapped = (numbers & ~0b11) | (numbers & 1) << 1 | (numbers >> 1 & 1)
    alike = (game + game[swapped]) / 2
    values = shapley_values(alike)
    assert values[0] == pytest.approx(values[1], abs=1e-6)


@given(games())
def test_values_of_a_sum_of_games_add_up(game):
    other = np.sin(np.arange(len(game)))
    assert shapley_values(game + other) == pytest.approx(shapley_values(game) + shapley_values(other), abs=1e-6)


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0], [[0.0, 1.0], [1.0, 2.0]]])
def test_a_game_has_a_power_of_two_of_values(values):
    with pytest.raises(ValueError, match=r"2\*\*n values"):
        shapley_values(values)


def test_a_missing_value_is_refused():
    with pytest.raises(ValueError, match="a number for every coalition"):
        shapley_values([0.0, np.nan])


def test_requirements_in_a_circle_are_refused():
    with pytest.raises(ValueError, match="circle"):
        precedence_values([0, 1, 1, 2], [0b10, 0b01])
