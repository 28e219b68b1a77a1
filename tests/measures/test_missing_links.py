"""Missing links on small roads drawn here: gaps, savings worked by hand, and the answers of solving everything anew."""

from dataclasses import replace
from math import exp, inf, log
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.measures.link_notes import LINK_COLUMNS
from sim.measures.link_savings import PeopleRules, find_origins, find_reach, people_minutes_saved, solve_saved
from sim.measures.missing_links import MISSING_LINK_COLUMNS, find_missing_links
from sim.measures.road_gaps import GapRules, find_gaps, main_roads, minutes_of_pairs
from sim.scenario.assumptions import Assumptions
from sim.times.kernels import minutes_from, seeds_of
from sim.times.proposed_links import ProposedLink, RoadEnds, crosses_barrier
from sim.times.road_graph import reverse_graph
from sim.times.roads import compile_roads
from tests.times.road_networks import (
    CLASSES,
    STREETS,
    at,
    compile_small,
    make_authored,
    make_ferries,
    make_grid,
    make_roads,
)

# A trunk road (60 km/h) all the way round, with a gap of 3 km between its two ends in the third row: (2.5, 5.5) and (2.5, 8.5).
NODES = [
    (2.5, 5.5, "yes"),
    (2.5, 0.5, "yes"),
    (8.5, 0.5, "yes"),
    (8.5, 12.5, "yes"),
    (2.5, 12.5, "yes"),
    (2.5, 8.5, "yes"),
]
ROUND = [
    (100, 101, 5, "trunk"),
    (101, 102, 6, "trunk"),
    (102, 103, 12, "trunk"),
    (103, 104, 6, "trunk"),
    (104, 105, 4, "trunk"),
]
ROUND_KM = 5 + 6 + 12 + 6 + 4
FIELD = " ".join(["#############"] * 10)
RIVER = " ".join(["#######.#####"] * 8 + ["#############"] * 2)
STREET = 3.0  # minutes per km, see STREETS


def make_model(picture, *, nodes=NODES, links=ROUND, authored=(), ferries=(), people=0.0, population=None, county=None):
    """Return what a scenario's model gives: roads on a small piece of land, one county unless told."""
    grid = make_grid(picture, people=people)
    if population is not None:
        grid = replace(grid, population=population)
    if county is not None:
        grid = replace(grid, county=county)
    road_nodes, road_links = make_roads(nodes, links)
    roads, road_points = make_authored(authored)
    n = SimpleNamespace(
        road_nodes=road_nodes,
        road_links=road_links,
        roads=roads,
        road_points=road_points,
        ferries=make_ferries(ferries),
        road_classes=CLASSES,
        congestion=None,
    )
    graph = compile_roads(
        grid, n.road_nodes, n.road_links, n.roads, n.road_points, n.ferries, n.road_classes, **STREETS
    )
    assumptions = Assumptions(**STREETS)
    count = int(grid.county.max()) + 1
    lon, lat = at(0.5, 0.5)
    counties = pd.DataFrame(
        {
            "county_index": range(count),
            "name": [f"县{i}" for i in range(count)],
            "name_en": [f"County {i}" for i in range(count)],
            "city_id": [f"city{i // 2}" for i in range(count)],
            "province": "省",
            "lon": lon,
            "lat": lat,
        }
    )
    cities = pd.DataFrame({"city_id": sorted(set(counties["city_id"]))})
    region = SimpleNamespace(grid=grid, counties=counties, places=counties.iloc[:0], cities=cities)
    return SimpleNamespace(
        network=n, region=region, travel=SimpleNamespace(graph=graph), scenario=SimpleNamespace(assumptions=assumptions)
    )


def ends_of(model):
    return RoadEnds(model.travel.graph, model.network, model.scenario.assumptions)


def rules(**changes):
    return GapRules(**({"border": "any", "length_factor": 1.0} | changes))


def gaps_of(model, **changes):
    return find_gaps(ends_of(model), model.region, rules(**changes))


def link_between(start, end, **more):
    return ProposedLink("x", "线", "link", at(*start), at(*end), "trunk", **({"length_factor": 1.0} | more))


def build_in(model, link):
    """Return the roads with a link drawn by hand among them."""
    n = model.network
    road, points = make_authored([("x", link.road_class, link.km, np.nan, [(0, 0, "yes"), (0, 0, "yes")])])
    points["lon"], points["lat"] = zip(link.start, link.end, strict=True)
    roads = road if n.roads.empty else pd.concat([n.roads, road])
    all_points = points if n.road_points.empty else pd.concat([n.road_points, points])
    grid = model.region.grid
    return compile_roads(grid, n.road_nodes, n.road_links, roads, all_points, n.ferries, CLASSES, **STREETS)


def saved_by(model, link, people):
    graph = model.travel.graph
    reach = find_reach(graph, reverse_graph(graph).prepared, ends_of(model).join(link), people)
    return people_minutes_saved(graph, [reach], people)[0]


def test_a_gap_is_near_in_a_straight_line_and_far_on_the_road():
    gaps = gaps_of(make_model(FIELD))
    assert len(gaps) == 1
    gap = gaps.iloc[0]
    assert gap["gap_km"] == pytest.approx(3, rel=1e-6)
    assert gap["detour"] == inf  # farther than asked for: 3 times the longest gap
    assert gap["minutes"] == pytest.approx(3, rel=1e-6)  # 3 km at 60 km/h
    assert gap["minutes_now"] == pytest.approx(3 * STREET, abs=0.01)  # over the streets of three cells
    assert not gap["crosses_water"]


def test_the_detour_is_counted_on_mapped_roads_without_streets():
    model = make_model(FIELD)
    graph = model.travel.graph
    pair = pd.DataFrame({"a": [graph.n_cells], "b": [graph.n_cells + 5]})  # in the order in which links name them
    assert minutes_of_pairs(main_roads(graph), pair, limit_min=100)[0] == pytest.approx(ROUND_KM)
    assert minutes_of_pairs(main_roads(graph), pair, limit_min=ROUND_KM - 1)[0] == inf


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"max_gap_km": 2.9}, 0),
        ({"min_gap_km": 3.1}, 0),
        ({"min_detour": 10.9, "max_gap_km": 4.0}, 1),
        ({"min_detour": 11.1, "max_gap_km": 4.0}, 0),  # 33 km for 3 km are 11
        ({"min_saving_min": 5.9}, 1),
        ({"min_saving_min": 6.1}, 0),  # 9 minutes over streets, 3 over the link
        ({"city_id": "city0"}, 1),
        ({"border": "county"}, 0),
    ],
)
def test_a_rule_that_is_not_met_leaves_the_gap_out(change, found):
    assert len(gaps_of(make_model(FIELD), **change)) == found


@pytest.mark.parametrize(("index", "border", "found"), [(1, "county", 1), (1, "city", 0), (2, "city", 1)])
def test_a_border_is_looked_for_between_the_two_ends(index, border, found):
    county = np.zeros((10, 13), dtype=np.int32)
    county[:, 7:] = index  # counties 0 and 1 lie in one city, county 2 in another; all in one province
    model = make_model(FIELD, county=county)
    assert len(gaps_of(model, border=border)) == found
    assert len(gaps_of(model, border="province")) == 0
    table = find_missing_links(model, gaps=rules(), people=PeopleRules(people_per_origin=0)).table
    assert table.empty  # nobody lives there, so nothing is saved


def test_wide_water_is_not_crossed_unless_that_is_asked_for():
    model = make_model(RIVER)
    assert gaps_of(model).empty
    for water in ("allow", "only"):
        gaps = gaps_of(model, water=water)
        assert len(gaps) == 1
        assert gaps["crosses_water"].all()
        assert gaps["minutes_now"].iloc[0] > 10  # round the river's end: six rows down and up again
    assert gaps_of(make_model(FIELD), water="only").empty


def test_a_line_that_runs_along_the_shore_crosses_nothing():
    graph = make_model(RIVER).travel.graph
    lines = np.array([[at(0.5, 6.5), at(7.5, 6.5)], [at(0.5, 6.5), at(0.5, 8.5)], [at(8.5, 5.5), at(8.5, 9.5)]])
    assert crosses_barrier(graph, lines).tolist() == [False, True, False]


def test_person_minutes_by_hand():
    # 400 people at one end of the gap, 100 at the other: 9 minutes apart today, 3 over the link.
    population = np.zeros((10, 13))
    population[2, 5], population[2, 8] = 400, 100
    model = make_model(FIELD, population=population)
    people = PeopleRules(horizon_min=60, decay_min=20, people_per_origin=0)
    saved = saved_by(model, link_between((2.5, 5.5), (2.5, 8.5)), people)
    gain = exp(-3 / 20) - exp(-9 / 20)
    from_400 = 20 * log(1 + 100 * gain / (400 + 100 * exp(-9 / 20)))
    from_100 = 20 * log(1 + 400 * gain / (100 + 400 * exp(-9 / 20)))
    # Getting on and off takes 0.001 minutes four times.
    assert saved == pytest.approx(400 * from_400 + 100 * from_100, rel=2e-3)


def test_one_destination_alone_saves_its_minutes():
    # One person, whose own cell counts with 0 minutes, and 4,000 people (not yet a town of slow streets) to be reached.
    population = np.zeros((10, 13))
    population[2, 5], population[2, 8] = 1, 4000
    model = make_model(FIELD, population=population)
    people = PeopleRules(horizon_min=60, decay_min=20, people_per_origin=0)
    saved = saved_by(model, link_between((2.5, 5.5), (2.5, 8.5)), people)
    gain = exp(-3 / 20) - exp(-9 / 20)
    of_the_one, of_the_others = 9 - 3, 4000 * 20 * gain / 4000  # each of these has one person more, among 4,000
    assert saved == pytest.approx(of_the_one + of_the_others, rel=3e-3)


def test_who_is_reached_only_by_the_link_counts_from_the_horizon_on():
    # With a horizon of 8 minutes the other end, 9 minutes away, is not reached today: it counts as 8 minutes away.
    population = np.zeros((10, 13))
    population[2, 5], population[2, 8] = 400, 100
    model = make_model(FIELD, population=population)
    people = PeopleRules(horizon_min=8, decay_min=20, people_per_origin=0)
    link = link_between((2.5, 5.5), (2.5, 8.5))
    gain = exp(-3 / 20) - exp(-8 / 20)
    expected = 400 * 20 * log(1 + 100 * gain / 400) + 100 * 20 * log(1 + 400 * gain / 100)
    assert saved_by(model, link, people) == pytest.approx(expected, rel=2e-3)
    graph = model.travel.graph
    reach = find_reach(graph, reverse_graph(graph).prepared, ends_of(model).join(link), people)
    assert (reach.newly_near_start, reach.newly_near_end, reach.near_people) == (100, 400, 500)


def test_origins_are_sampled_by_people():
    # 10 people, two to an origin: those at 1, 3, 5, 7 and 9 of a line that holds 2.5, then 6.9, then 0.6 of them.
    population = np.zeros((10, 13))
    population[1, 4], population[2, 5], population[9, 12] = 2.5, 6.9, 0.6
    graph = make_model(FIELD, population=population).travel.graph
    nodes, people = find_origins(graph, 2)
    assert nodes.tolist() == [graph.cell_node(1, 4), graph.cell_node(2, 5)]
    assert people.tolist() == [2, 8]
    assert find_origins(graph, 0)[1].tolist() == [2.5, 6.9, 0.6]
    assert find_origins(graph, 1000)[1].tolist() == [10]


def test_the_table_holds_the_link_and_what_to_doubt():
    county = np.zeros((10, 13), dtype=np.int32)
    county[:, 7:] = 1
    model = make_model(FIELD, people=100.0, county=county)
    found = find_missing_links(model, gaps=rules(), people=PeopleRules(people_per_origin=0), top=5)
    assert list(found.table.columns) == list(MISSING_LINK_COLUMNS) == ["rank", *LINK_COLUMNS]
    assert len(found.table) == 1
    row = found.table.iloc[0]
    assert (row["kind"], row["name"], row["name_en"]) == ("found", "县0—县1", "County 0—County 1")
    assert (row["crosses_border"], row["crosses_water"], row["dead_ends"]) == ("county", "no", 2)
    assert row["main_road_km_now"] == pytest.approx(ROUND_KM)
    assert row["detour_ratio"] == pytest.approx(ROUND_KM / 3, rel=5e-3)  # the ellipsoid and the map differ a little
    assert row["km_now"] == pytest.approx(3, abs=0.01)
    assert row["streets_km_now"] == pytest.approx(3, abs=0.01)
    assert "over streets" in row["note"]
    assert "from: prolongs a road that ends there" in row["note"]
    assert "to: prolongs a road that ends there" in row["note"]
    line = found.to_geodataframe().geometry.iloc[0]
    assert {tuple(np.round(point, 9)) for point in line.coords} == {
        tuple(np.round(at(*p), 9)) for p in ((2.5, 5.5), (2.5, 8.5))
    }


def test_links_are_ranked_by_person_minutes_and_given_ones_stay():
    model = make_model(FIELD, people=100.0)
    given_links = [link_between((2.5, 5.5), (2.5, 8.5)), link_between((0.5, 0.5), (0.5, 1.6), length_factor=3.0)]
    found = find_missing_links(model, gaps=rules(), people=PeopleRules(people_per_origin=0), given=given_links, top=5)
    assert found.table["kind"].tolist() == ["given", "given"]  # the gap that is found is the first link given
    assert found.table["person_minutes_saved"].is_monotonic_decreasing
    assert found.table["rank"].tolist() == [1, 2]
    assert found.table["person_minutes_saved"].iloc[0] > 0
    only = find_missing_links(model, people=PeopleRules(people_per_origin=0), given=given_links[:1], top=0)
    assert len(only.table) == 1


def test_everything_wrong_with_the_rules_is_said_at_once():
    with pytest.raises(InputError) as error:
        find_missing_links(
            make_model(FIELD),
            gaps=GapRules(max_gap_km=-1, water="swim", road_class="trunc", city_id="city1"),
            people=PeopleRules(decay_min=0),
        )
    text = "\n".join(error.value.problems)
    for part in ("max_gap_km: -1", "water: 'swim'", "did you mean 'trunk'", "did you mean 'city0'", "decay_min: 0"):
        assert part in text


def test_an_unknown_road_class_is_told_with_those_there_are_and_the_option_that_names_it():
    with pytest.raises(InputError) as error:
        find_missing_links(make_model(FIELD), gaps=GapRules(road_class="xyz"))
    assert error.value.problems == [
        f"road_class: 'xyz' is unknown (--road-class); there are {', '.join(CLASSES['road_class'])}"
    ]


@st.composite
def roads(draw):
    """Return random roads on random land, a few people, and two of the road nodes to be linked."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns = 6, 9
    land = random.random((rows, columns)) < draw(st.sampled_from([0.7, 1.0]))
    spots = [(r, c) for r in range(rows) for c in range(columns) if land[r, c]]
    picture = " ".join("".join("#" if cell else "." for cell in row) for row in land)
    chosen = random.permutation(len(spots))[: min(6, len(spots))]
    nodes = [(spots[i][0] + 0.5, spots[i][1] + 0.5, "yes") for i in chosen]
    pairs = [(a, b) for a in range(len(nodes)) for b in range(a) if random.random() < 0.4]
    links = [
        (100 + a, 100 + b, max(0.5, np.hypot(*np.subtract(nodes[a][:2], nodes[b][:2]))) * random.uniform(1, 3), "trunk")
        for a, b in pairs
    ]
    used = sorted({end - 100 for link in links for end in link[:2]})
    population = random.integers(0, 3, (rows, columns)) * land * 50.0
    ends = random.permutation(used)[:2] if len(used) >= 2 else []
    return picture, nodes, links, population, [nodes[i][:2] for i in ends]


@settings(deadline=None, max_examples=40)
@given(roads(), st.sampled_from([10.0, 25.0, 60.0]))
def test_a_link_saves_what_solving_everything_anew_says_and_slows_nobody(made, horizon):
    picture, nodes, links, population, ends = made
    if not ends:
        return
    model = make_model(picture, nodes=nodes, links=links, population=population)
    people = PeopleRules(horizon_min=horizon, people_per_origin=0)
    link = link_between(*ends, length_factor=1.2, structure="bridge")
    before, after = model.travel.graph, build_in(model, link)
    origins, _ = find_origins(before, 0)
    for origin in origins[:5]:
        old, new = (minutes_from(graph.prepared, seeds_of([origin]))[: before.n_cells] for graph in (before, after))
        assert (new <= old + 1e-4).all()
    saved = saved_by(model, link, people)
    assert saved >= 0
    assert saved == pytest.approx(solve_saved(before, after, people, near=origins), rel=2e-3, abs=0.05)
    assert saved == pytest.approx(slowly(before, after, people), rel=2e-3, abs=0.05)


def slowly(before, after, people):
    """Return the definition, written out over all pairs of cells."""
    total = 0.0
    cells = before.land_nodes
    population = before.people[cells]
    for origin, own in zip(cells, population, strict=True):
        old, new = (minutes_from(graph.prepared, seeds_of([origin]))[cells] for graph in (before, after))
        if own == 0:
            continue
        horizon, decay = people.horizon_min, people.decay_min
        reached = sum(p * exp(-t / decay) for p, t in zip(population, old, strict=True) if t <= horizon)
        nearer = sum(
            p * (exp(-t / decay) - exp(-min(was, horizon) / decay))
            for p, t, was in zip(population, new, old, strict=True)
            if t < min(was, horizon)
        )
        total += own * decay * log(1 + nearer / reached)
    return total


def test_an_end_beside_the_road_joins_it_as_a_road_drawn_by_hand_does():
    # 1 km south of the western end of the gap: 1 km of join at 60 km/h to it, and the land cell it lies in.
    model = make_model(FIELD)
    joined = ends_of(model).join(link_between((3.5, 5.5), (2.5, 8.5)))
    graph = model.travel.graph
    start = dict(zip(joined.start.nodes.tolist(), joined.start.minutes.tolist(), strict=True))
    assert start[graph.n_cells] == pytest.approx(1, rel=1e-5)
    assert start[graph.cell_node(3, 5)] == pytest.approx(0, abs=0.01)
    assert len(start) == 2
    assert joined.interchange_km == (inf, inf)


def test_an_interchange_near_an_end_is_told():
    motorway = [(*link[:3], "motorway") for link in ROUND[:1]]
    nodes = [(4.5, 5.5, "yes"), (4.5, 0.5, "yes"), *NODES]
    links = [*motorway, *[(a + 2, b + 2, km, kind) for a, b, km, kind in ROUND]]
    model = make_model(FIELD, nodes=nodes, links=links, people=10.0)
    joined = ends_of(model).join(link_between((2.5, 5.5), (2.5, 8.5)))
    assert joined.interchange_km == (pytest.approx(2, rel=1e-4), inf)
    table = find_missing_links(model, gaps=rules(), people=PeopleRules(people_per_origin=0)).table
    assert "from: also joined to an interchange 2.0 km away" in table["note"].iloc[0]


def test_land_without_roads_has_no_gaps():
    graph = compile_small("###")
    assert graph.n_nodes == graph.n_cells
    model = make_model("### ###", nodes=(), links=())
    assert find_missing_links(model, gaps=rules()).table.empty
