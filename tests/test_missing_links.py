"""sim missing-links: planners' files, project cards that run, files written; on two banks and on the real network."""

import shutil
import tomllib
from math import exp, log, sqrt

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import sim
from sim.cli import _build_parser, main
from sim.commands.missing_links import IN_FULL_MODEL, rank_missing_links
from sim.errors import InputError
from sim.measures.link_savings import PeopleRules
from sim.measures.missing_links import MISSING_LINK_COLUMNS, find_missing_links
from sim.measures.road_gaps import GapRules
from sim.present.road_cards import road_card, write_road_card
from sim.times.given_links import read_proposed_links
from sim.times.proposed_links import ProposedLink, RoadEnds
from sim.times.roads import place_node, road_surface

LANE = 60 / 30 * 1.3  # minutes per km of networks/grid
HALF_WAY = (5 * sqrt(2) + 4) * LANE  # from either town to the bridge
BY_FERRY, BY_BRIDGE = 102.57, 2 * HALF_WAY + 2  # networks/grid/README.md
BANKS = ("119.2996594,31.0495018", "119.3206403,31.049484")  # 2 km apart, where the bridge of 2010 will be
HEAD = "link_id,name,name_en,from_lon,from_lat,to_lon,to_lat,road_class,speed_kmh,length_factor,structure,opening_year"
STUDY = """
title = "两岸"
title_en = "two banks"
network = "grid"
city_set = "all"
places = ["a"]

[scenarios.ferry]
name = "渡轮"
name_en = "by ferry"
year = 2005
"""
ANYTHING = GapRules(border="any", road_class="main", max_gap_km=5)
FAR = PeopleRules(horizon_min=120, decay_min=20, people_per_origin=0)


@pytest.fixture
def banks(repository, tmp_path):
    """A study of networks/grid in the year in which there is a ferry and no bridge."""
    shutil.copytree(repository / "networks" / "grid", tmp_path / "networks" / "grid")
    folder = tmp_path / "scenarios" / "banks"
    (folder / "projects").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


def write_links(folder, *rows):
    path = folder / "links.csv"
    path.write_text("\n".join([f"{HEAD},source,confidence", *(f"{row},test,guess" for row in rows)]), encoding="utf-8")
    return path


def bridge_row(link_id="bridge_again", **changes):
    values = {"road_class": "main", "speed": "", "factor": "1", "structure": "bridge", "year": ""} | changes
    return f"{link_id},大桥,Bridge,{BANKS[0]},{BANKS[1]},{','.join(values.values())}"


def test_the_bridge_that_was_built_saves_what_the_pencil_says_and_so_does_its_card(banks):
    found = rank_missing_links(
        sim.read_study(banks),
        "ferry",
        gaps=ANYTHING,
        people=FAR,
        candidates=write_links(banks, bridge_row()),
        top=0,
        verify=1,
    )
    gain = exp(-BY_BRIDGE / 20) - exp(-BY_FERRY / 20)
    per_a = 20 * log(1 + 2000 * gain / (1000 + 2000 * exp(-BY_FERRY / 20)))
    per_b = 20 * log(1 + 1000 * gain / (2000 + 1000 * exp(-BY_FERRY / 20)))
    row = found.table.iloc[0]
    assert row["person_minutes_saved"] == pytest.approx(1000 * per_a + 2000 * per_b, rel=2e-3)
    assert row[IN_FULL_MODEL] == pytest.approx(row["person_minutes_saved"], rel=1e-4)
    assert (row["crosses_water"], row["crosses_border"], row["structure"]) == ("yes", "city", "bridge")
    assert row["minutes_with_link"] == pytest.approx(2, abs=0.01)
    assert row["note"].startswith("over wide water: a bridge or tunnel; by ferry today")
    assert pd.isna(row["opening_year"])


def test_a_horizon_between_the_ferry_and_the_bridge_makes_people_newly_within_reach(banks):
    # From the west bank to town B: half the way to the bridge and 2 km over it; by ferry there are more than 45 minutes more.
    near = PeopleRules(horizon_min=40, decay_min=20, people_per_origin=0)
    links = write_links(banks, bridge_row())
    found = rank_missing_links(sim.read_study(banks), "ferry", people=near, gaps=ANYTHING, candidates=links, top=0)
    row = found.table.iloc[0]
    assert HALF_WAY + 2 < 40
    assert (row["newly_within_horizon_from"], row["newly_within_horizon_to"]) == (2000, 1000)
    assert row["people_within_horizon"] == 3000


def test_a_written_card_is_a_project_that_a_scenario_can_switch_on(banks, capsys):
    links, outputs = write_links(banks, bridge_row(year="2009")), banks / "outputs"
    card = banks / "projects" / "my_bridge.toml"
    arguments = ["missing-links", str(banks), "--candidates", str(links), "--top", "0", "--road-class", "main"]
    assert main([*arguments, "--outputs", str(outputs), "--write-card", "1", str(card)]) == 0
    assert str(card) in capsys.readouterr().out
    assert tomllib.loads(card.read_text(encoding="utf-8"))["opens"]["central"].year == 2009
    with (banks / "study.toml").open("a", encoding="utf-8") as page:
        page.write(
            '\n[scenarios.bridge]\nname = "桥"\nname_en = "bridge"\nbased_on = "ferry"\nprojects.my_bridge = true\n'
        )
    study = sim.read_study(banks)
    for scenario, minutes in (("ferry", BY_FERRY), ("bridge", BY_BRIDGE)):
        graph = study.model(scenario).travel.graph
        a, b = (study.region.place(name) for name in "ab")
        surface = road_surface(graph, [place_node(graph, a.lon, a.lat)])
        assert surface[graph.node_cell(place_node(graph, b.lon, b.lat))] == pytest.approx(minutes, abs=0.05)


def test_the_files_hold_every_column_and_the_layer_opens(banks, capsys):
    links, outputs = write_links(banks, bridge_row()), banks / "outputs"
    assert (
        main(
            ["missing-links", str(banks), "--candidates", str(links), "--road-class", "main", "--outputs", str(outputs)]
        )
        == 0
    )
    folder = outputs / "banks" / "comparison"
    table = pd.read_csv(folder / "missing_links.csv")
    assert list(table.columns) == ["scenario", *MISSING_LINK_COLUMNS, IN_FULL_MODEL]
    assert table["from_lon"].iloc[0] == pytest.approx(119.29966)  # not rounded to two decimals
    layer = gpd.read_file(folder / "missing_links.gpkg", layer="missing_links")
    assert layer.crs.to_epsg() == 4326
    assert layer.geometry.geom_type.tolist() == ["LineString"]
    assert layer["person_minutes_saved"].iloc[0] == pytest.approx(table["person_minutes_saved"].iloc[0], abs=0.01)
    assert "Bridge" in capsys.readouterr().out


def test_nothing_found_is_said_with_what_to_try(banks, capsys):
    assert main(["missing-links", str(banks), "--road-class", "main", "--outputs", str(banks / "outputs")]) == 0
    assert "try a larger --max-gap-km" in capsys.readouterr().out
    assert not (banks / "outputs").exists()


def test_every_bad_row_of_a_file_is_listed_at_once(banks):
    study = sim.read_study(banks)
    model = study.model("ferry")
    rows = [
        bridge_row("wet", structure="surface"),
        bridge_row("strange", road_class="mains"),
        f"short,短,Short,{BANKS[0]},{BANKS[0]},main,,1,surface,",
        f"away,远,Away,{BANKS[0]},100,31,main,,1,surface,",
        bridge_row("quick", speed="900", factor="0.5"),
        bridge_row("early", year="12"),
        f"word,字,Word,east,31,{BANKS[1]},main,,1,bridge,",
        bridge_row("wet"),
    ]
    with pytest.raises(InputError) as error:
        read_proposed_links(
            write_links(banks, *rows), RoadEnds(model.travel.graph, model.network, model.scenario.assumptions)
        )
    text = "\n".join(error.value.problems)
    for sentence in (
        "links.csv 'wet': it crosses wide water on the surface; say structure = bridge or tunnel",
        "links.csv 'strange': road_class 'mains' is not in road_classes.csv (did you mean 'main'?)",
        "links.csv 'short': its two ends lie in the same cell",
        "links.csv 'away': to: place 100.00000,31.00000: no study land within 5 km",
        "links.csv row 6, speed_kmh: 900 is outside 5 to 140 km/h",
        "links.csv row 6, length_factor: 0.5 is outside 1 to 3",
        "links.csv row 7, opening_year: 12 is outside 1950 to 2100",
        "links.csv row 8, from_lon: 'east' is not a number",
        "links.csv row 9, link_id: 'wet' stands already in row 2",
    ):
        assert sentence in text
    assert len(error.value.problems) == 9


def test_a_file_without_links_is_refused(banks):
    with pytest.raises(InputError, match=r"links\.csv: has no links"):
        rank_missing_links(sim.read_study(banks), "ferry", candidates=write_links(banks), top=0)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (("first", "card.toml"), "'first' is not a rank"),
        (("1", "card.txt"), "does not end in .toml"),
        (("1", "links.csv"), "does not end in .toml"),
        (("2", "card.toml"), "rank 2 is asked for, but there is 1 link"),
        (("1", "there.toml"), "exists already"),
    ],
)
def test_a_card_that_cannot_be_written_is_refused(banks, capsys, wanted, sentence):
    (banks / "there.toml").write_text("")
    arguments = ["missing-links", str(banks), "--candidates", str(write_links(banks, bridge_row())), "--top", "0"]
    card = [wanted[0], str(banks / wanted[1])]
    assert main([*arguments, "--road-class", "main", "--write-card", *card, "--outputs", str(banks / "o")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (banks / "o").exists()


def test_the_command_and_the_library_look_for_links_over_the_same_border():
    assert _build_parser().parse_args(["missing-links", "circles"]).border == GapRules().border


def test_a_card_says_what_the_link_is(tmp_path):
    link = ProposedLink("x", '名"字', "Name", (121.0, 30.0), (121.0, 30.1), "trunk", speed_kmh=70, source="nobody's")
    path = write_road_card(link, tmp_path / "x.toml", year=2031)
    assert path.read_text(encoding="utf-8") == road_card(link, year=2031)
    card = tomllib.loads(path.read_text(encoding="utf-8"))
    assert card["name"] == '名"字'
    assert card["opens"]["central"].isoformat() == "2031-12-31"
    change = card["change"][0]
    assert (change["type"], change["road"], change["speed_kmh"]) == ("add_road", "x", 70)
    assert change["length_km"] == pytest.approx(1.2 * 11.09, abs=0.01)  # a tenth of a degree of latitude, made longer
    assert [point["joins"] for point in change["points"]] == [True, True]


@pytest.mark.real
def test_the_shipped_template_can_be_ranked_and_drawn(repository, tmp_path):
    folder = repository / "scenarios" / "circles"
    arguments = [
        "missing-links",
        str(folder),
        "--city",
        "ningbo",
        "--top",
        "3",
        "--verify",
        "1",
        "--outputs",
        str(tmp_path),
    ]
    assert main([*arguments, "--candidates", str(folder / "missing_links.csv")]) == 0
    table = pd.read_csv(tmp_path / "circles" / "comparison" / "missing_links.csv")
    assert (table["kind"] == "given").sum() == 3
    assert (table["kind"] == "found").sum() == 3
    assert table["person_minutes_saved"].is_monotonic_decreasing
    assert (table["person_minutes_saved"] > 0).all()
    found = table[table["kind"] == "found"]
    assert (found["minutes_now"] - found["minutes_with_link"] >= 3 - 0.01).all()
    assert (found["detour_ratio"].fillna(99) >= 3 - 0.05).all()
    assert ((found["from_city"] == "ningbo") | (found["to_city"] == "ningbo")).all()
    assert found["crosses_border"].notna().all()
    verified = table.iloc[0]
    assert verified[IN_FULL_MODEL] == pytest.approx(verified["person_minutes_saved"], rel=0.02)
    assert (tmp_path / "circles" / "comparison" / "missing_links.png").stat().st_size > 50_000


@pytest.mark.real
def test_before_the_bridge_over_xiangshan_harbour_was_built_its_place_saves_most(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    gaps = GapRules(city_id="ningbo", water="only", max_gap_km=12, length_factor=1.1)
    before = study.variant("do_minimum_2025", year=2011)
    found = rank_missing_links(study, before, gaps=gaps, top=5)
    best = found.links[0].link
    links = study.network.road_links
    bridge = shapely.union_all(links.geometry[(links["name"] == "象山港大桥") & (links["structure"] == "bridge")])
    assert (
        bridge.distance(shapely.LineString([best.start, best.end])) < 0.05
    )  # degrees, about 5 km; the harbour is 60 km long
    assert (best.structure, best.name) == ("bridge", "鄞州区—象山县")
    # Once the bridge has opened, the way takes a third less at least and the same link saves less.
    after = find_missing_links(study.model(study.variant("do_minimum_2025", year=2013)), given=[best], top=0)
    assert after.table["minutes_now"].iloc[0] < 2 / 3 * found.table["minutes_now"].iloc[0]
    assert after.table["person_minutes_saved"].iloc[0] < found.table["person_minutes_saved"].iloc[0]
