"""Who plays, what is built when some are in, and what projects of the tutorial contribute, worked by hand."""

import pandas as pd
import pytest

import sim
from sim.cli import main
from sim.commands.contributions import find_contributions, read_groups
from sim.commands.values import MeanMinutes, PeopleWithin, Slack, ask, read_values
from sim.errors import InputError, ScenarioError
from sim.measures.contributions import play_game, reduce_players
from sim.measures.players import choose_players, with_companions
from sim.scenario.project import read_project

STATION = '[[change]]\ntype = "close_station"\nstation = "a"'
FASTEST = Slack("end_to_end", "station_fastest")


@pytest.fixture
def cards(write_card):
    """Return projects by id, each given by the head of its card."""

    def read(**heads):
        return {name: read_project(write_card(name, STATION, head)) for name, head in heads.items()}

    return read


def line(cost=10, **keys):
    return f"cost_100m_cny = {cost}\n" + "\n".join(f"{key} = {value!r}" for key, value in keys.items())


@pytest.fixture(scope="module")
def tutorial(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


def test_a_project_without_its_requirement_is_not_built(cards):
    projects = cards(bridge=line(), rail=line(requires=["bridge"]), trams=line(requires=["rail"]))
    players = choose_players(projects, projects)
    assert players.built({"rail", "trams"}) == frozenset()
    assert players.built({"bridge", "trams"}) == {"bridge"}
    assert players.built({"bridge", "rail", "trams"}) == set(projects)


def test_trains_over_lines_of_others_are_no_player_and_run_when_all_lines_are_there(cards):
    projects = cards(a=line(), b=line(), trains=line(0, requires=["a", "b"]))
    players = choose_players(projects, projects)
    assert players.ids == ["a", "b"]
    assert players.companions == ("trains",)
    assert players.built({"a"}) == {"a"}
    assert players.built({"a", "b"}) == {"a", "b", "trains"}


def test_trains_that_two_lines_need_make_them_complements(cards):
    projects = cards(a=line(), b=line(), trains=line(0, requires=["a", "b"]))
    players = choose_players(projects, projects)
    game = play_game(players, lambda sets: [{"saved": 20.0 if "trains" in built else 0.0} for built in sets])
    row = game.synergies().iloc[0]
    assert (row["synergy"], row["kind"]) == (20, "complements")
    assert game.contributions()["shapley"].tolist() == [10, 10]
    assert game.contributions()["share"].tolist() == [0.5, 0.5]


def test_trains_of_a_scenario_come_along_with_all_the_lines_they_need_and_not_with_some(cards):
    projects = cards(
        a=line(),
        b=line(),
        trains=line(0, requires=["a", "b"]),
        more=line(0, requires=["trains"]),
        hub=line(5, requires=["a"]),
    )
    scenario = list(projects)
    assert with_companions(projects, ["a"], [], scenario) == {"a"}
    assert with_companions(projects, ["a", "b"], [], scenario) == {"a", "b", "trains", "more"}  # not the hub: it costs
    assert with_companions(projects, ["a"], ["b"], scenario) == {"a", "trains", "more"}
    assert with_companions(projects, ["a", "b"], [], ["a", "b"]) == {"a", "b"}


def test_a_requirement_in_the_base_is_always_met(cards):
    projects = cards(hub=line(), trains=line(requires=["hub"]))
    players = choose_players(projects, ["trains"], base=["hub"])
    assert players.built({"trains"}) == {"trains"}


def test_what_stands_in_the_base_over_a_player_comes_and_goes_with_it(cards):
    projects = cards(bridge=line(), rail=line(requires=["bridge"]), hub=line())
    players = choose_players(projects, ["bridge"], base=["rail", "hub"])
    assert players.base == {"hub"}
    assert players.built(set()) == frozenset()
    assert players.built({"bridge"}) == {"bridge", "rail"}


def test_a_player_needs_the_players_that_hold_what_it_requires_directly_or_not(cards):
    projects = cards(a=line(), b=line(requires=["a"]), c=line(requires=["b"]))
    players = choose_players(projects, projects)
    assert [players.required_by(k) for k in range(3)] == [0, 0b001, 0b011]
    game = play_game(players, lambda sets: [{"v": float(len(built) == 3)} for built in sets])
    table = game.contributions().set_index("player")
    # The only order is a, b, c: all of it is credited to c; without order each is needed and gets a third.
    assert table["shapley_in_order"].to_dict() == {"a": 0, "b": 0, "c": 1}
    assert table["shapley"].tolist() == pytest.approx([1 / 3] * 3)


def test_projects_that_exclude_each_other_are_an_error_that_names_both(cards):
    projects = cards(north=line(conflicts=["south"]), south=line())
    with pytest.raises(ScenarioError, match=r"'north' and 'south' conflict.*sim options"):
        choose_players(projects, projects)


def test_every_mistake_in_names_is_listed_with_what_was_meant(cards):
    projects = cards(bridge=line(), tunnel=line(), metro=line())
    with pytest.raises(InputError) as caught:
        choose_players(
            projects,
            ["bridge", "tunnl"],
            groups={"x": ["bridge"], "y": ["bridge"], "z": ["metro"], "empty": []},
        )
    assert caught.value.problems == [
        "no project 'tunnl' (did you mean 'tunnel'?)",
        "project 'bridge' is in two groups, 'x' and 'y'",
        "group 'z': 'metro' is not among the projects to compare",
        "group 'empty' has no projects",
    ]


def test_a_requirement_that_is_nowhere_is_an_error(cards):
    projects = cards(bridge=line(), rail=line(requires=["bridge"]))
    with pytest.raises(ScenarioError, match="'rail' requires 'bridge'"):
        choose_players(projects, ["rail"])


def test_a_group_is_one_player(cards):
    projects = cards(road=line(), rail=line(), hub=line())
    players = choose_players(projects, projects, groups={"channel": ["road", "rail"]})
    assert players.ids == ["channel", "hub"]
    assert players.built({"channel"}) == {"road", "rail"}


def test_what_builds_the_same_is_run_once(cards):
    projects = cards(bridge=line(), rail=line(requires=["bridge"]))
    asked = []

    def evaluate(sets):
        asked.extend(sets)
        return [{"v": float(len(built))} for built in sets]

    game = play_game(choose_players(projects, projects), evaluate)
    # Of the four coalitions {rail} builds nothing, as {} does.
    assert sorted(asked, key=len) == [frozenset(), {"bridge"}, {"bridge", "rail"}]
    assert game.n_built == 3
    assert game.values["v"].tolist() == [0, 1, 0, 2]


def test_eleven_players_are_too_many_until_those_that_matter_least_are_joined(cards):
    projects = cards(**{f"p{k:02}": line() for k in range(12)})

    def evaluate(sets):  # p00 brings 1, p01 brings 2, ... p11 brings 2048
        return [{"v": float(sum(2 ** int(name[1:]) for name in built))} for built in sets]

    players = choose_players(projects, projects, groups={"kept": ["p00"]})
    with pytest.raises(InputError, match="12 projects make 4,096 coalitions"):
        play_game(players, evaluate)
    fewer = reduce_players(players, projects, evaluate)
    # Ten are left when three of twelve become one; p00 was put in a group by hand and stays.
    assert sorted(fewer.ids) == ["kept", "others", *(f"p{k:02}" for k in range(4, 12))]
    others = next(player for player in fewer.players if player.player_id == "others")
    assert sorted(others.projects) == ["p01", "p02", "p03"]
    table = play_game(fewer, evaluate).contributions().set_index("player")
    assert table.loc["others", "shapley"] == pytest.approx(2 + 4 + 8)


def test_projects_of_one_system_are_joined_before_any_others(cards):
    heads = {f"p{k:02}": line(system="one" if k < 3 else f"s{k}") for k in range(12)}
    projects = cards(**heads)
    fewer = reduce_players(choose_players(projects, projects), projects, lambda _: pytest.fail("no run is needed"))
    assert len(fewer.players) == 10
    assert "p00+p01+p02" in fewer.ids


def test_synergies_within_a_hundredth_of_the_effect_are_called_independent(cards):
    projects = cards(a=line(), b=line())
    kinds = {}
    for synergy in (0.19, 0.21, -0.21):
        values = {frozenset(): 0.0, frozenset("a"): 10.0, frozenset("b"): 10.0, frozenset("ab"): 20.0 + synergy}
        game = play_game(choose_players(projects, projects), lambda sets, v=values: [{"v": v[s]} for s in sets])
        kinds[synergy] = game.synergies()["kind"].iloc[0]
    # Both bring about 20: a hundredth is 0.2.
    assert kinds == {0.19: "independent", 0.21: "complements", -0.21: "substitutes"}


def test_a_synergy_that_would_be_shown_as_nothing_is_called_independent(cards):
    projects = cards(a=line(), b=line())
    values = {frozenset(): 0.0, frozenset("a"): 0.04, frozenset("b"): 0.04, frozenset("ab"): 0.04}
    game = play_game(choose_players(projects, projects), lambda sets: [{"v": values[s]} for s in sets])
    assert game.synergies()["synergy"].iloc[0] == pytest.approx(-0.04)
    assert game.synergies()["kind"].iloc[0] == "independent"


def test_minutes_that_are_counted_in_bins_must_differ_by_more_than_two_of_them(cards):
    projects = cards(a=line(), b=line())
    kinds = {}
    for reading in ("centre_to_centre", "door_to_door"):
        name = f"slack_min:x:{reading}"
        values = {frozenset(): 0.0, frozenset("a"): 2.25, frozenset("b"): 2.25, frozenset("ab"): 4.0}
        game = play_game(choose_players(projects, projects), lambda sets, n=name, v=values: [{n: v[s]} for s in sets])
        kinds[reading] = game.synergies()["kind"].iloc[0]
    assert kinds == {"centre_to_centre": "substitutes", "door_to_door": "independent"}  # by 0.5 min, two bins of 0.25


def test_synergy_counts_what_either_of_two_projects_requires(cards):
    # Two railways to the same place save 30 min, together no more; one of them runs over a bridge, which does nothing else.
    projects = cards(bridge=line(), inland=line(), over_bridge=line(requires=["bridge"]))
    players = choose_players(projects, ["bridge", "inland", "over_bridge"])
    game = play_game(
        players, lambda sets: [{"v": 30.0 if built & {"inland", "over_bridge"} else 0.0} for built in sets]
    )
    table = game.synergies().set_index(["a", "b"])
    assert table.loc[("inland", "over_bridge"), "synergy"] == -30
    assert table.loc[("inland", "over_bridge"), "kind"] == "substitutes"
    assert table.loc[("bridge", "over_bridge"), "synergy"] == 30
    assert table.loc[("bridge", "inland"), "kind"] == "independent"


def run_min(km, kmh):
    """From stop to stop at 0.5 m/s² both ways: L / v + v / a."""
    speed_ms = kmh / 3.6
    return (km * 1000 / speed_ms + speed_ms / 0.5) / 60


def test_contributions_in_the_tutorial_by_hand(tutorial):
    # Fastest train from a to e: the express stops at c for 2 min; with `direct` a train does not stop; `speed_up` permits 200.
    slack = {
        (): 60 - (run_min(50, 180) + 2 + run_min(90, 180)),
        ("direct",): 60 - run_min(140, 180),
        ("speed_up",): 60 - (run_min(50, 200) + 2 + run_min(90, 200)),
        ("direct", "speed_up"): 60 - run_min(140, 200),
    }
    first = {name: slack[name,] - slack[()] for name in ("direct", "speed_up")}
    both = slack["direct", "speed_up"] - slack[()]
    game = find_contributions(tutorial, [FASTEST], scenario="faster_direct")
    table = game.contributions().set_index("player")
    for name, other in (("direct", "speed_up"), ("speed_up", "direct")):
        assert table.loc[name, "first_in"] == pytest.approx(first[name], abs=0.02)
        assert table.loc[name, "last_in"] == pytest.approx(both - first[other], abs=0.02)
        # Of two players each gets the mean of coming first and last.
        assert table.loc[name, "shapley"] == pytest.approx((first[name] + both - first[other]) / 2, abs=0.02)
    assert table["share"].sum() == pytest.approx(1)
    pair = game.synergies().iloc[0]
    assert pair["synergy"] == pytest.approx(both - sum(first.values()), abs=0.04)
    assert pair["kind"] == "complements"  # a faster line gains most where nothing stops


def test_projects_of_the_base_are_on_in_all_coalitions(tutorial):
    game = find_contributions(tutorial, [FASTEST], scenario="faster_direct", base="faster")
    assert game.players.ids == ["direct"]
    assert game.values.iloc[0, 0] == pytest.approx(60 - (run_min(50, 200) + 2 + run_min(90, 200)), abs=0.02)


def test_the_horizon_stands_for_what_cannot_be_reached(tutorial_copy):
    # No train calls at b any more: in a station reading from b there is no way, and the horizon of 600 min stands for it.
    stops = tutorial_copy.parents[1] / "networks" / "line5" / "service_stops.csv"
    stops.write_text(stops.read_text().replace("local,2,b,2\n", ""))
    page = tutorial_copy / "study.toml"
    page.write_text(page.read_text(encoding="utf-8").replace('from = "a"', 'from = "b"'), encoding="utf-8")
    answers = ask(sim.read_study(tutorial_copy).model("base"), [FASTEST])
    assert answers.values == {FASTEST.name: 60 - 600}
    assert answers.no_way == (FASTEST.name,)


def test_values_of_one_scenario_by_hand(tutorial):
    # From a: 1,000 people at home; b has 2,000 at 15 + wait + ride + 5, all below 60 min; e is at 84 min.
    model = tutorial.model("base")
    times = model.city_times().set_index(["from_id", "to_id"])["best_min"]
    people = {"b": 2000, "c": 4000, "d": 8000, "e": 16000}
    mean = sum(times["a", city] * number for city, number in people.items()) / sum(people.values())
    answers = ask(model, [PeopleWithin("a", 60), MeanMinutes("a", "all")])
    within = [number for city, number in people.items() if times["a", city] <= 60]
    assert answers.values["people:a:60"] == 1000 + sum(within)
    assert answers.values["minutes_saved:a:all"] == pytest.approx(-mean)
    assert answers.no_way == ()


def test_values_are_read_with_every_mistake_named(tutorial):
    with pytest.raises(InputError) as caught:
        read_values(
            tutorial,
            targets=["end_to_en"],
            readings=["station_fast"],
            people=["aa:60", "a:soon"],
            minutes=["z", "a:al"],
        )
    assert caught.value.problems == [
        "--target: no target 'end_to_en' (did you mean 'end_to_end'?)",
        "--reading: no reading 'station_fast' (did you mean 'station_fastest'?)",
        "--people: no place 'aa' (did you mean 'a'?)",
        "--people: 'a:soon': write PLACE:MINUTES, for example a:60",
        "--minutes: no city 'z'",
        "--minutes: no city set 'al' (did you mean 'all'?)",
    ]


def test_any_indicator_of_a_city_is_a_value_and_minutes_count_as_minutes_saved(tutorial):
    names = [
        "a:potential_others_power:1",
        "a:average_minutes",
        "a:mass_within_85",
        "a:nearest_main_station",
        "a:nearest_airport",
    ]
    values = read_values(tutorial, indicators=names)
    model = tutorial.model("base")
    answers = ask(model, values)
    times = model.city_times().set_index(["from_id", "to_id"])["best_min"]
    people = {"b": 2000, "c": 4000, "d": 8000, "e": 16000}
    potential = sum(number / times["a", city] for city, number in people.items())
    assert answers.values["indicator:a:potential_others_power:1"] == pytest.approx(potential)
    average = sum(number * times["a", city] for city, number in people.items()) / 30000
    assert answers.values["minutes_saved:a:average_minutes"] == pytest.approx(-average)
    within = [number for city, number in people.items() if times["a", city] <= 85]
    assert answers.values["indicator:a:mass_within_85"] == sum(within)
    assert answers.values["minutes_saved:a:nearest_main_station"] == 0  # the town is its station
    assert answers.values["minutes_saved:a:nearest_airport"] == -600  # there is none: the horizon stands for it
    assert answers.no_way == ("minutes_saved:a:nearest_airport",)
    with pytest.raises(InputError) as caught:
        read_values(
            tutorial,
            indicators=["z:average_minutes", "a:averag_minutes", "a:mass_within_x", "a:potential_others_powr:1"],
        )
    assert [problem.split("(did")[0].split(";")[0].strip() for problem in caught.value.problems] == [
        "--indicator: no city 'z' in the study's set",
        "--indicator: no indicator 'averag_minutes'",
        "--indicator: no indicator 'mass_within_x'",
        "--indicator: no decay function 'powr'",
    ]


def test_a_rule_of_access_is_a_value_when_it_is_named(tutorial_copy):
    page = tutorial_copy / "study.toml"
    rule = (
        '\n[coverage.near]\nname = "x"\nname_en = "x"\nof = "city_seats"\nin = "all"\nto = "rail_station"\n'
        'within_min = 30\nsource = "invented"\n'
    )
    page.write_text(page.read_text(encoding="utf-8") + rule, encoding="utf-8")
    study = sim.read_study(tutorial_copy)
    values = read_values(study, targets=["near", "end_to_end"], readings=["station_fastest"])
    answers = ask(study.model("base"), values).values
    assert set(answers) == {"slack_min:near:coverage", "slack_min:end_to_end:station_fastest"}
    assert answers["slack_min:near:coverage"] == 30  # every town has its station
    assert "slack_min:near:coverage" not in [value.name for value in read_values(study)]
    with pytest.raises(InputError, match="no target 'naer' \\(did you mean 'near'"):
        read_values(study, targets=["naer"])


def test_without_options_every_target_is_a_value_in_every_reading(tutorial):
    names = [value.name for value in read_values(tutorial)]
    assert len(names) == 4
    assert names[0] == "slack_min:end_to_end:station_fastest"
    assert [value.name for value in read_values(tutorial, people=["a:30"])] == ["people:a:30"]


def test_groups_are_read_from_the_command():
    assert read_groups(["x=a,b", "y=c"]) == {"x": ("a", "b"), "y": ("c",)}
    with pytest.raises(InputError) as caught:
        read_groups(["x=a", "x=b", "nothing", "=a"])
    assert len(caught.value.problems) == 3


def test_the_command_writes_both_tables_and_leaves_others_alone(repository, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    other = tmp_path / "tutorial" / "comparison" / "verdicts.csv"
    other.parent.mkdir(parents=True)
    other.write_text("kept")
    assert main(["contributions", "tutorial", "--target", "end_to_end", "--outputs", str(tmp_path)]) == 0
    assert sorted(path.name for path in other.parent.iterdir()) == ["contributions.csv", "synergy.csv", "verdicts.csv"]
    table = pd.read_csv(other.with_name("contributions.csv"))
    assert set(table["player"]) == {"direct", "speed_up"}
    assert "4 coalitions" in capsys.readouterr().out


def test_an_unknown_project_is_named_with_what_was_meant(repository, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    assert main(["contributions", "tutorial", "--projects", "speedup", "--outputs", str(tmp_path)]) == 2
    assert "did you mean 'speed_up'" in capsys.readouterr().err


CROSSINGS = ("huyong_channel_rail", "huzhouyong_rail", "tongsujiayong", "yongzhou")


@pytest.fixture(scope="module")
def circles(repository):
    return sim.read_study(repository / "scenarios" / "circles")


@pytest.fixture(scope="module")
def crossings(circles):
    """The ways to Shanghai across the sea, with the railway to Zhoushan."""
    values = [
        *(Slack("huyong_1h", reading) for reading in ("station_fastest", "station_service", "centre_to_centre")),
        Slack("shanghai_area_90min", "station_fastest"),  # Zhoushan is the city of it that is farthest
    ]
    return find_contributions(circles, values, scenario="all_2035", projects=CROSSINGS)


@pytest.mark.real
def test_crossings_to_shanghai_are_substitutes_of_each_other(crossings):
    kinds = crossings.synergies().set_index(["value", "a", "b"])["kind"]
    for reading in ("station_fastest", "station_service"):
        value = f"slack_min:huyong_1h:{reading}"
        assert kinds[value, "huyong_channel_rail", "tongsujiayong"] == "substitutes"
        assert kinds[value, "huzhouyong_rail", "tongsujiayong"] == "substitutes"
        assert kinds[value, "huyong_channel_rail", "huzhouyong_rail"] == "substitutes"


@pytest.mark.real
def test_lines_in_series_are_complements(crossings):
    # Trains Shanghai-Ningbo-Zhoushan run when both lines are there, though only the lines were named.
    assert crossings.players.companions == ("yongzhou_shanghai",)
    kinds = crossings.synergies().set_index(["value", "a", "b"])["kind"]
    assert kinds["slack_min:shanghai_area_90min:station_fastest", "tongsujiayong", "yongzhou"] == "complements"
    assert kinds["slack_min:huyong_1h:centre_to_centre", "tongsujiayong", "yongzhou"] == "complements"


@pytest.mark.real
def test_contributions_of_the_crossings_add_up_to_what_they_bring_together(crossings):
    table = crossings.contributions()
    assert len(table) == 4 * 4
    for value, rows in table.groupby("value"):
        together = crossings.values[value].iloc[-1] - crossings.values[value].iloc[0]
        assert rows["shapley"].sum() == pytest.approx(together, abs=1e-9)
        assert rows["shapley_in_order"].sum() == pytest.approx(together, abs=1e-9)


@pytest.mark.real
def test_zhoushans_line_alone_helps_the_way_by_hangzhou_that_nobody_takes_across_the_bay(circles, crossings):
    # Why the two are substitutes from Ningbo to Shanghai with the wait: the trains Hangzhou-Zhoushan call at Ningbo, and with
    # them a change at Hangzhou beats the direct train; over 通苏嘉甬 there is no such change to make quicker.
    kinds = crossings.synergies().set_index(["value", "a", "b"])["kind"]
    assert kinds["slack_min:huyong_1h:station_service", "tongsujiayong", "yongzhou"] == "substitutes"
    changes = {}
    for added in ([], ["yongzhou"], ["tongsujiayong"], ["tongsujiayong", "yongzhou"]):
        times = circles.station_times(circles.variant("do_minimum_2025", add=added, year=2035))
        changes[tuple(added)] = times.set_index(["from_id", "to_id"]).loc[("ningbo", "shanghaihongqiao"), "changes"]
    assert changes == {(): 0, ("yongzhou",): 1, ("tongsujiayong",): 0, ("tongsujiayong", "yongzhou"): 0}
