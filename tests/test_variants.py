"""A variant is a scenario without a page: the same answers as if the page had it, and the same checks."""

import pandas as pd
import pytest

import sim


@pytest.fixture(scope="module")
def study(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


def test_a_variant_gives_the_answers_of_the_page_that_says_the_same(study):
    variant = study.variant("base", add=["speed_up", "direct"])
    assert variant.scenario_id == "base+direct+speed_up"
    pd.testing.assert_frame_equal(study.run(variant).targets, study.run("faster_direct").targets)
    back = study.variant("faster_direct", remove=["direct"])
    pd.testing.assert_frame_equal(study.station_times(back), study.station_times("faster"))


def test_a_variant_may_change_an_assumption_and_leaves_its_base_as_it_was(study):
    before = study.run("base").city_times
    slower = study.variant("base", assumptions={"station_time_min": 40})
    longer = study.model(slower).city_times()["rail_min"] - before["rail_min"]
    extra_min = 40 - study.scenario("base").assumptions.station_time_min
    assert longer.dropna().to_numpy() == pytest.approx(extra_min)
    pd.testing.assert_frame_equal(study.run("base").city_times, before)


def test_every_switch_without_effect_is_named(study):
    with pytest.raises(sim.ScenarioError) as caught:
        study.variant("faster", add=["speed_up", "dirct"], remove=["direct"], assumptions={"station_time": 3})
    sentences = "\n".join(caught.value.problems)
    assert "'speed_up' is on already" in sentences
    assert "'direct' is not on" in sentences
    assert "no project 'dirct' (did you mean 'direct'?)" in sentences
    assert "unknown assumption 'station_time'" in sentences


def test_a_model_judges_only_what_is_asked_for(study):
    model = study.model("faster")
    verdicts, _ = model.judge(["end_to_end"], ["station_fastest", "centre_to_centre"])
    assert list(verdicts["reading"]) == ["station_fastest", "centre_to_centre"]
    everything, _ = model.judge()
    both = everything[everything["reading"].isin(verdicts["reading"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, verdicts)
    with pytest.raises(sim.InputError, match=r"no target 'end_to_edn' .did you mean 'end_to_end'"):
        model.judge(["end_to_edn"])
