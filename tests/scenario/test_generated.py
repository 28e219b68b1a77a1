"""Scenarios made from two named ones: pairs that differ in one project, and years with all projects on time or late."""

import datetime as dt
from itertools import pairwise

import pytest

import sim
from sim.errors import InputError, ScenarioError
from sim.measures.scenario_gap import find_gap
from sim.scenario.assumptions import Assumptions
from sim.scenario.generated import (
    GeneratedPage,
    check_generated,
    generate_scenario,
    list_generated,
    with_requirements,
)
from sim.scenario.project import Opens, Project, ProjectCard
from sim.scenario.scenario import Scenario


def card(name, opens=(2030, 2030, 2030), *, status="building", requires=(), conflicts=()):
    earliest, central, latest = (dt.date(year, 12, 31) for year in opens)
    return Project(
        name,
        ProjectCard(
            name=f"{name}线",
            name_en=f"line {name}",
            status=status,
            opens=Opens(earliest=earliest, central=central, latest=latest),
            source="test",
            date="2026",
            confidence="high",
            requires=requires,
            conflicts=conflicts,
            change=({"type": "close_line", "line": "main"},),
        ),
        (),
    )


# trains need bridge, express needs trains; tunnel is another way than bridge
CARDS = {
    "bridge": card("bridge", (2027, 2028, 2030), conflicts=("tunnel",)),
    "trains": card("trains", (2028, 2029, 2031), status="planned", requires=("bridge",)),
    "express": card("express", (2033, 2034, 2035), status="planned", requires=("trains",)),
    "road": card("road", (2026, 2026, 2028)),
    "tunnel": card("tunnel", (2040, 2040, 2040), status="studied"),
}


def scenario(scenario_id, year, *projects):
    return Scenario(scenario_id, scenario_id, scenario_id, year, projects, Assumptions())


BASE = scenario("today", 2025)
FULL = scenario("all", 2035, "bridge", "express", "road", "trains")


def made(scenario_id):
    return generate_scenario(scenario_id, BASE, FULL, CARDS)


def test_a_project_alone_brings_what_it_requires_and_nothing_else():
    assert made("only_road").projects == ("road",)
    assert made("only_express").projects == ("bridge", "express", "trains")
    assert made("only_express").year == FULL.year


@pytest.mark.parametrize("name", ["road", "bridge", "trains", "express"])
def test_a_first_in_pair_differs_in_the_project_alone(name):
    other = "none" if not CARDS[name].card.requires else f"before_{name}"
    assert set(made(f"only_{name}").projects) - set(made(other).projects) == {name}
    assert made(other).year == made(f"only_{name}").year
    assert other in made(f"only_{name}").description


@pytest.mark.parametrize(
    ("name", "dependents"), [("road", set()), ("bridge", {"trains", "express"}), ("trains", {"express"})]
)
def test_a_last_in_pair_differs_in_the_project_alone(name, dependents):
    with_it = made(f"after_{name}") if dependents else FULL
    assert set(FULL.projects) - set(with_it.projects) == dependents
    assert set(with_it.projects) - set(made(f"without_{name}").projects) == {name}
    assert with_it.scenario_id in made(f"without_{name}").description


def test_projects_are_joined_with_a_plus():
    assert made("only_road+bridge").projects == ("bridge", "road")
    assert made("without_road+express").projects == ("bridge", "trains")


def test_a_project_in_the_place_of_another_takes_along_what_requires_that():
    assert made("instead_tunnel").projects == ("road", "tunnel")
    with pytest.raises(ScenarioError, match="'instead_road': it conflicts with nothing in 'all'"):
        made("instead_road")


@pytest.mark.parametrize(
    ("scenario_id", "projects"),
    [
        ("listed_2026", ("road",)),
        ("listed_2026_earliest", ("road",)),
        ("listed_2026_latest", ()),
        ("listed_2026_late_2", ()),
        ("listed_2028", ("bridge", "road")),
        ("listed_2028_earliest", ("bridge", "road", "trains")),
        ("listed_2029", ("bridge", "road", "trains")),
        ("listed_2029_late_2", ("road",)),
        ("listed_2031_late_2", ("bridge", "road", "trains")),
        ("listed_2035", ("bridge", "express", "road", "trains")),
        ("listed_2035_late_2", ("bridge", "road", "trains")),
        ("committed_2035", ("bridge", "road")),
        ("committed_2029_latest", ("road",)),
    ],
)
def test_what_is_open_in_a_year_follows_the_dates_of_the_cards(scenario_id, projects):
    found = made(scenario_id)
    assert found.projects == projects
    assert found.year == int(scenario_id.split("_")[1])


def test_a_project_waits_for_the_last_of_those_that_it_requires():
    late_bridge = CARDS | {"bridge": card("bridge", (2034, 2034, 2034))}
    assert generate_scenario("listed_2033", BASE, FULL, late_bridge).projects == ("road",)


def test_delays_never_open_more():
    for year in (2026, 2028, 2030, 2035):
        opened = [set(made(f"listed_{year}_late_{years}").projects) for years in range(5)]
        assert opened[0] == set(made(f"listed_{year}").projects)
        assert all(later <= earlier for earlier, later in pairwise(opened))


def test_the_base_keeps_its_own_projects_and_assumptions():
    base = Scenario("today", "", "", 2025, ("road",), Assumptions(station_time_min=33))
    found = generate_scenario("only_bridge", base, FULL, CARDS)
    assert found.projects == ("bridge", "road")
    assert found.assumptions.station_time_min == 33


def test_other_names_are_no_generated_scenarios():
    assert [made(name) for name in ("plan_2027", "only", "only_", "listed_27", "later_road")] == [None] * 5


def test_unknown_projects_are_named_with_what_was_probably_meant():
    with pytest.raises(ScenarioError) as error:
        made("only_raod+brigde")
    assert error.value.problems == [
        "scenario 'only_raod+brigde': no project 'raod' (did you mean 'road'?)",
        "scenario 'only_raod+brigde': no project 'brigde' (did you mean 'bridge'?)",
    ]
    with pytest.raises(ScenarioError, match="'tunnel' is not in 'all'"):
        made("without_tunnel")
    with pytest.raises(InputError, match=r"no project 'raod' \(did you mean 'road'"):
        with_requirements(["raod"], CARDS)


def test_pairs_that_there_are_not_say_what_to_compare_with():
    with pytest.raises(ScenarioError, match="nothing is required; compare with none"):
        made("before_road")
    with pytest.raises(ScenarioError, match="nothing requires it; compare with all"):
        made("after_road")


def test_the_list_has_every_project_and_year_once_and_leaves_out_what_has_a_page():
    page = GeneratedPage(base="today", full="all", years=(2028, 2030), late_years=(2,))
    pages = {"today": BASE, "all": FULL, "only_road": scenario("only_road", 2035, "road")}
    found = list_generated(page, pages, CARDS)
    assert "only_road" not in found
    assert {f"only_{name}" for name in CARDS} - set(found) == {"only_road"}
    assert {f"without_{name}" for name in FULL.projects} <= set(found)
    assert {"none", "before_trains", "after_bridge", "instead_tunnel", "listed_2028_late_2"} <= set(found)
    assert all(key == value.scenario_id for key, value in found.items())
    # none, 4 only, 2 before, 4 without, 2 after, 1 instead; two lists of two years, each on time, early, late and 2 years late
    assert len(found) == 1 + 4 + 2 + 4 + 2 + 1 + 2 * 2 * 4


def test_the_page_of_generated_scenarios_must_name_scenarios_that_there_are():
    page = GeneratedPage(base="todya", full="all")
    assert check_generated(page, {"today", "all"}) == [
        "study.toml: generated.base: no scenario 'todya' (did you mean 'today'?)"
    ]
    assert check_generated(None, {"today"}) == []


def test_every_generated_scenario_of_the_main_study_can_be_built(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    page = GeneratedPage(base="do_minimum_2025", full="all_2035", years=(2025, 2030, 2035), late_years=(2,))
    found = list_generated(page, study.scenarios, study.projects)
    assert len(found) > 60
    for generated in found.values():
        study.network_of(generated)


def test_the_page_for_2030_is_what_is_committed_by_then(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    page = study.scenario("committed_2030")
    found = generate_scenario(
        "committed_2030", study.scenario("do_minimum_2025"), study.scenario("all_2035"), study.projects
    )
    assert found.projects == page.projects
    assert found.year == page.year


@pytest.mark.real
def test_every_pair_of_the_main_study_is_one_project_apart_and_not_laid_to_the_year(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    full = study.scenario("all_2035")
    pairs = []
    for name, project in study.projects.items():
        pairs.append((name, f"before_{name}" if project.card.requires else "none", f"only_{name}"))
        if name in full.projects:
            needed_by_others = any(name in study.projects[other].card.requires for other in full.projects)
            pairs.append((name, f"without_{name}", f"after_{name}" if needed_by_others else "all_2035"))
    assert len(pairs) > 40
    for name, without, with_it in pairs:
        base, other = study.scenario(without), study.scenario(with_it)
        assert base.year == other.year  # so that nothing opens by itself, whatever the networks are
        gap = find_gap(base, study.network, other, study.network, study.projects)
        assert gap.causes() == [f"project {name} on"], (without, with_it)
