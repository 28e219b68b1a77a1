"""What gains cost, which options are dominated, and how they rank, worked by hand; the two crossings of 2016."""

import numpy as np
import pandas as pd
import pytest

import sim
from sim.cli import main
from sim.commands.options import compare_options, read_criteria, read_weights
from sim.commands.values import Slack
from sim.errors import InputError, ScenarioError
from sim.measures.options import find_dominating, price_gains, rank_options

FASTEST = Slack("end_to_end", "station_fastest")


def options_table(*rows):
    columns = ["option", "projects", "value", "base_value", "option_value", "cost_100m_cny"]
    return pd.DataFrame(rows, columns=columns)


def criteria_table(better, **values):
    """Return criteria, one row per option and criterion; each option's values stand in the order of `better`."""
    rows = [
        (option, criterion, float(value), way)
        for option, numbers in values.items()
        for (criterion, way), value in zip(better.items(), numbers, strict=True)
    ]
    return pd.DataFrame(rows, columns=["option", "criterion", "value", "better"])


def summary(ranks):
    return ranks.drop_duplicates("option").set_index("option")


def test_cost_per_minute_and_per_person():
    table = price_gains(
        options_table(
            ("tunnel", "t", "slack_min:x", -100, -60, 200.0),  # 40 min for 200: 5 a minute
            ("tunnel", "t", "people:a:60", 1000, 5000, 200.0),  # 4,000 people for 2e10 yuan: 5 million each
            ("ferry", "f", "slack_min:x", -100, -100, 10.0),  # nothing gained: no price
            ("bridge", "b", "slack_min:x", -100, -50, np.nan),  # no cost known
            ("tunnel", "t", "indicator:a:potential_others_power:1", 10, 15, 200.0),  # neither minutes nor persons
        )
    )
    assert table["gain"].tolist() == [40, 4000, 0, 50, 5]
    assert table["cost_100m_cny_per_minute"].tolist()[0] == 5
    assert table["cost_cny_per_person"].tolist()[1] == 5_000_000
    assert table.loc[[1, 2, 3, 4], "cost_100m_cny_per_minute"].isna().all()
    assert table.loc[[0, 2, 3, 4], "cost_cny_per_person"].isna().all()


def test_the_frontier_holds_what_nothing_beats_for_as_little():
    table = price_gains(
        options_table(
            ("cheap", "a", "slack_min:x", 0, 10, 50.0),
            ("good", "b", "slack_min:x", 0, 30, 200.0),
            ("poor", "c", "slack_min:x", 0, 10, 100.0),  # as good as cheap, and dearer
            ("worst", "d", "slack_min:x", 0, 5, 300.0),  # beaten by all three
            ("unpriced", "e", "slack_min:x", 0, 99, np.nan),
            ("idle", "f", "slack_min:x", 0, 0, 1.0),  # the cheapest of all, and no better than doing nothing
        )
    ).set_index("option")
    assert table["on_frontier"].to_dict() == {
        "cheap": True,
        "good": True,
        "poor": False,
        "worst": False,
        "unpriced": False,
        "idle": False,
    }
    assert table["dominated_by"].to_dict() == {
        "cheap": "",
        "good": "",
        "poor": "cheap",
        "worst": "cheap;good;poor",
        "unpriced": "",
        "idle": "(nothing)",
    }


def test_equal_options_do_not_dominate_each_other():
    assert find_dominating(["a", "b"], np.array([[1.0, 2.0], [1.0, 2.0]])) == ["", ""]


def test_score_is_the_weighted_sum_of_what_is_normalised_from_worst_to_best():
    better = {"cost": "lower", "minutes": "higher"}
    ranks = rank_options(
        criteria_table(better, a=[100, 40], b=[200, 60], c=[300, 50]), weights={"cost": 3, "minutes": 1}
    )
    table = summary(ranks)
    # cost from 300 (0) to 100 (1): 1, 0.5, 0. minutes from 40 (0) to 60 (1): 0, 1, 0.5. Weights 3/4 and 1/4.
    assert table["score"].to_dict() == pytest.approx({"a": 0.75, "b": 0.625, "c": 0.125})
    assert table["rank"].to_dict() == {"a": 1, "b": 2, "c": 3}
    assert table.loc["c", "dominated_by"] == "b"  # dearer and slower
    by_hand = (ranks["weight"] * ranks["normalised"]).groupby(ranks["option"]).sum()
    assert by_hand.to_dict() == pytest.approx(table["score"].to_dict())


def test_two_options_that_trade_one_for_the_other_are_each_first_in_half_of_the_draws():
    better = {"cost": "lower", "minutes": "higher"}
    table = summary(rank_options(criteria_table(better, a=[100, 40], b=[200, 60])))
    # a is first when the weight of the cost is above 1/2; it is uniform from 0 to 1. Of 10,000 draws 3 sigma are 1.5 %.
    assert table["share_first"].tolist() == pytest.approx([0.5, 0.5], abs=0.015)
    assert table["share_first"].sum() == pytest.approx(1)
    assert table["rank"].tolist() == [1, 1]  # equal weights: a tie


def test_options_that_are_alike_share_the_first_place():
    table = summary(rank_options(criteria_table({"cost": "lower"}, a=[5], b=[5])))
    assert table["share_first"].tolist() == [0.5, 0.5]
    assert table["mean_rank"].tolist() == [1.5, 1.5]


def test_draws_repeat_with_the_same_seed_and_differ_with_another():
    better = {"cost": "lower", "minutes": "higher"}
    criteria = criteria_table(better, a=[100, 40], b=[200, 60], c=[150, 45])
    first, again, other = (rank_options(criteria, seed=seed, draws=500) for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(first, again)
    assert not first["share_first"].equals(other["share_first"])


def test_the_two_crossings_of_2016_rank_as_the_experts_ranked_them():
    # Published in 2016 for Ningbo West - Shanghai Hongqiao: minutes, cost in 100 million yuan, km at sea and of new line.
    better = {"minutes": "lower", "cost": "lower", "sea_km": "lower"}
    published = criteria_table(better, jiaxing=[51, 199.38, 18], jinshan=[52, 298.35, 54])
    table = summary(rank_options(published))
    assert table["rank"].to_dict() == {"jiaxing": 1, "jinshan": 2}
    assert table["share_first"].to_dict() == {"jiaxing": 1, "jinshan": 0}  # better in everything: under any weights
    assert table.loc["jinshan", "dominated_by"] == "jiaxing"


def test_the_length_of_line_alone_speaks_for_the_other_crossing():
    better = {"minutes": "lower", "cost": "lower", "sea_km": "lower", "new_km": "lower"}
    published = criteria_table(better, jiaxing=[51, 199.38, 18, 125], jinshan=[52, 298.35, 54, 100])
    table = summary(rank_options(published))
    assert table.loc["jiaxing", "rank"] == 1
    # Jinshan is first when the weight of the length is above 1/2; of four uniform weights that is (1 - 1/2)^3 = 1/8.
    assert table.loc["jinshan", "share_first"] == pytest.approx(1 / 8, abs=0.01)


def test_every_mistake_in_weights_is_listed():
    criteria = criteria_table({"cost": "lower", "minutes": "higher"}, a=[1, 2], b=[2, 3])
    with pytest.raises(InputError) as caught:
        rank_options(criteria, weights={"cots": 1, "minutes": -1})
    assert caught.value.problems == [
        "weight of 'cots': no such criterion (did you mean 'cost'?)",
        "weight of 'minutes' is -1; it must be 0 or more",
    ]
    with pytest.raises(InputError, match="all weights are 0"):
        rank_options(criteria, weights={"cost": 0})


def test_every_mistake_in_criteria_is_listed():
    table = criteria_table({"cost": "lower", "sea": "less"}, a=[1, 2], b=[np.nan, 3]).drop(index=1)
    with pytest.raises(InputError) as caught:
        rank_options(table)
    assert caught.value.problems == [
        "option 'a', criterion 'sea': no value",
        "option 'b', criterion 'cost': the value is missing",
        "criterion 'sea': better is 'less'; it must be higher or lower",
    ]


def test_criteria_are_read_from_a_file_with_its_mistakes_by_row(tmp_path):
    path = tmp_path / "criteria.csv"
    path.write_text("option,criterion,value,better,source\na,sea_km,18,lower,x\nz,sea_km,1,lower,x\n")
    assert read_criteria(path, ["a", "b"])["value"].tolist() == [18]
    path.write_text("option,criterion,value,better\na,sea_km,many,lower\n")
    with pytest.raises(InputError, match=r"criteria\.csv row 2: value 'many' is not a number"):
        read_criteria(path, ["a"])
    path.write_text("option,criterion,value\na,sea_km,1\n")
    with pytest.raises(InputError, match="column 'better' is missing"):
        read_criteria(path, ["a"])
    with pytest.raises(InputError, match="file is missing"):
        read_criteria(tmp_path / "none.csv", ["a"])


def test_weights_are_read_from_the_command():
    assert read_weights(["cost_100m_cny=2", "slack_min:x:y=0.5"]) == {"cost_100m_cny": 2, "slack_min:x:y": 0.5}
    assert read_weights([]) is None
    with pytest.raises(InputError) as caught:
        read_weights(["cost", "cost=much"])
    assert len(caught.value.problems) == 2


@pytest.fixture(scope="module")
def tutorial(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


def test_options_are_run_alone_on_a_base_without_any_of_them(tutorial):
    # faster_direct has both on; each is still compared with neither. Fastest a-e: express 18.333 + 2 + 31.667 = 52 min,
    # non-stop 140 km at 50 m/s: 2,800 s + 50 / 0.5 s = 48.333 min.
    compared = compare_options(
        tutorial, {"direct": ["direct"], "faster": ["speed_up"]}, [FASTEST], base="faster_direct"
    )
    table = compared.gains.set_index("option")
    assert table["base_value"].tolist() == pytest.approx([8, 8], abs=0.02)
    assert table.loc["direct", "gain"] == pytest.approx(52 - (2800 + 100) / 60, abs=0.02)
    # Only speed_up has a cost in its card, 10: it alone is ranked, and priced.
    assert compared.not_ranked == ("direct",)
    assert summary(compared.ranks).index.tolist() == ["faster"]
    price = table.loc["faster", "cost_100m_cny_per_minute"]
    assert price == pytest.approx(10 / table.loc["faster", "gain"])


def test_a_cost_among_the_criteria_takes_the_place_of_the_cards(tutorial):
    given = pd.DataFrame(
        [
            ("direct", "cost_100m_cny", 1.0, "lower"),
            ("faster", "noise", 3.0, "lower"),
            ("direct", "noise", 2.0, "lower"),
        ],
        columns=["option", "criterion", "value", "better"],
    )
    options = {"direct": ["direct"], "faster": ["speed_up"]}
    compared = compare_options(tutorial, options, [FASTEST], base="base", criteria=given)
    ranks = compared.ranks.set_index(["option", "criterion"])["value"]
    assert ranks["direct", "cost_100m_cny"] == 1
    assert ranks["faster", "cost_100m_cny"] == 10
    assert ranks["direct", "noise"] == 2
    assert len(ranks) == 2 * 3


def test_mistakes_in_options_are_errors(tutorial):
    with pytest.raises(InputError, match="no project 'speedup' \\(did you mean 'speed_up'"):
        compare_options(tutorial, {"x": ["speedup"], "y": ["direct"]}, [FASTEST], base="base")
    with pytest.raises(InputError, match="at least two options"):
        compare_options(tutorial, {"x": ["direct"]}, [FASTEST], base="base")


def test_an_option_that_lacks_what_it_requires_is_an_error(tutorial_copy):
    card = tutorial_copy / "projects" / "direct.toml"
    card.write_text('requires = ["speed_up"]\n' + card.read_text(encoding="utf-8"), encoding="utf-8")
    study = sim.read_study(tutorial_copy)
    options = {"direct": ["direct"], "speed_up": ["speed_up"]}
    with pytest.raises(InputError, match="option 'direct': 'direct' requires speed_up, which the base lacks"):
        compare_options(study, options, [FASTEST], base="base")
    both = {"both": ["direct", "speed_up"], "speed_up": ["speed_up"]}
    assert compare_options(study, both, [FASTEST], base="base").gains["gain"].is_monotonic_decreasing


def test_an_option_that_conflicts_with_the_base_is_an_error_that_names_both(tutorial_copy):
    card = tutorial_copy / "projects" / "direct.toml"
    card.write_text('conflicts = ["speed_up"]\n' + card.read_text(encoding="utf-8"), encoding="utf-8")
    page = tutorial_copy / "study.toml"
    text = page.read_text(encoding="utf-8").replace("projects.direct = true", "")
    page.write_text(text, encoding="utf-8")
    (tutorial_copy / "projects" / "other.toml").write_text(
        card.read_text(encoding="utf-8").replace('service = "direct"', 'service = "other"'), encoding="utf-8"
    )
    study = sim.read_study(tutorial_copy)
    with pytest.raises(ScenarioError, match="'direct' conflicts with 'speed_up'"):
        compare_options(study, {"a": ["direct"], "b": ["other"]}, [FASTEST], base="faster")


def test_the_command_writes_both_tables(repository, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    command = ["options", "tutorial", "--options", "direct,speed_up", "--base", "base", "--outputs", str(tmp_path)]
    assert main([*command, "--target", "end_to_end", "--reading", "station_fastest"]) == 0
    folder = tmp_path / "tutorial" / "comparison"
    assert pd.read_csv(folder / "options.csv")["option"].tolist() == ["direct", "speed_up"]
    assert (folder / "option_ranks.csv").exists()
    assert "has no cost in its card" in capsys.readouterr().out
    assert main([*command[:3], "direct,speedup", *command[4:], "--group", "both=direct"]) == 2
    errors = capsys.readouterr().err
    assert "did you mean 'speed_up'" in errors
    assert "--group: 'both' is not among the options" in errors


@pytest.mark.real
def test_the_crossing_the_experts_chose_in_2016_comes_first_on_the_network_of_today(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    options = {name: [name] for name in ("hujiayong_jiaxing", "hujiayong_jinshan")}
    values = [Slack("huyong_1h", "station_fastest"), Slack("huyong_1h", "centre_to_centre")]
    compared = compare_options(study, options, values, base="do_minimum_2025")
    assert summary(compared.ranks)["rank"].to_dict() == {"hujiayong_jiaxing": 1, "hujiayong_jinshan": 2}
    assert summary(compared.ranks).loc["hujiayong_jinshan", "dominated_by"] == "hujiayong_jiaxing"
    assert (compared.gains["gain"] >= 0).all()
    # With the published minutes, kilometres at sea and of new line; only the last speaks for Jinshan, which is first where its
    # weight of six is above 1/2: (1 - 1/2)^5 = 1/32 of all weights.
    criteria = read_criteria(repository / "scenarios" / "circles" / "options_2016.csv", list(options))
    compared = compare_options(study, options, values, base="do_minimum_2025", criteria=criteria)
    table = summary(compared.ranks)
    assert table["rank"].to_dict() == {"hujiayong_jiaxing": 1, "hujiayong_jinshan": 2}
    assert table.loc["hujiayong_jinshan", "share_first"] == pytest.approx(1 / 32, abs=0.006)
