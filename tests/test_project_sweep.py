"""Sweeps over projects: the same answers on one thread and on several, on the real network too."""

from dataclasses import replace

import pytest

import sim
from sim.commands.project_sweep import ProjectSweep
from sim.commands.values import read_values

PROJECTS = ("yongzhou", "tongsujiayong", "hupingyan")


@pytest.mark.real
def test_two_threads_give_the_answers_of_one_to_the_bit_and_stations_that_only_some_scenarios_have_get_their_minutes(
    repository,
):
    answers = {}
    for threads in (1, 2):
        study = sim.read_study(repository / "scenarios" / "circles")  # anew, so that nothing is known beforehand
        base = study.variant("do_minimum_2025", year=2035)
        values = read_values(study, targets=["huyong_1h"], people=["ningbo:60", "ningbo:120"])
        sets = [frozenset(PROJECTS[k] for k in range(3) if number >> k & 1) for number in range(8)]
        answers[threads] = ProjectSweep(study, base, tuple(values), threads=threads).evaluate(sets)
    assert answers[1] == answers[2]
    fewest, most = (answers[1][number].values for number in (0, 7))
    assert most["slack_min:huyong_1h:station_fastest"] > fewest["slack_min:huyong_1h:station_fastest"] + 30
    assert most["people:ningbo:120"] > fewest["people:ningbo:120"]


def test_projects_that_alter_roads_are_told_from_those_that_do_not(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    sweep = ProjectSweep(study, study.scenario("do_minimum_2025"), ())
    assert sweep.roads_of(frozenset(PROJECTS)) == frozenset()
    assert sweep.roads_of(frozenset({*PROJECTS, "huyong_channel_road"})) == {"huyong_channel_road"}
    assert replace(sweep, threads=1).roads_of(frozenset()) == frozenset()
