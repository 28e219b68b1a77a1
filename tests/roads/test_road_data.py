"""The shipped roads: what is there, since when, and that water is crossed only where a crossing is open."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from scipy.spatial import cKDTree

REPOSITORY = Path(__file__).parents[2]
GEOD = Geod(ellps="WGS84")
SHANGHAI, NINGBO, HANGZHOU = (121.4737, 31.2304), (121.5440, 29.8682), (120.1551, 30.2743)
XIANGSHAN, DINGHAI, DAISHAN = (121.87, 29.478), (122.10, 30.03), (122.15, 30.30)

# name in the links, opening day: general knowledge checked against the press of the day where the tables say so.
SHIPPED_CROSSINGS = {
    "杭州湾跨海大桥": "2008-05-01",
    "象山港大桥": "2012-12-29",
    "嘉绍大桥": "2013-07-19",
    "东海大桥": "2005-12-10",
    "上海长江大桥": "2009-10-31",
    "上海长江隧道": "2009-10-31",
    "崇启大桥": "2011-12-24",
    "沪苏通长江公铁大桥": "2020-07-01",
    "江阴长江大桥": "1999-09-28",
    "泰州长江大桥": "2012-11-25",
    "润扬长江大桥": "2005-04-30",
    "南京长江大桥": "1968-12-29",
    "南京长江二桥": "2001-03-26",
    "南京长江三桥": "2005-10-07",
    "南京长江四桥": "2012-12-24",
    "南京长江五桥": "2020-12-24",
    "南京应天大街长江隧道": "2010-05-28",
    "南京定淮门长江隧道": "2016-01-01",
    "马鞍山长江大桥": "2013-12-31",
    "芜湖长江大桥": "2000-09-30",
    "铜陵长江大桥": "1995-12-26",
    "安庆长江大桥": "2004-12-26",
    "望东长江大桥": "2016-12-30",
    "钱塘江大桥": "1937-11-17",
    "钱江二桥": "1992-12-31",
    "钱江三桥 (西兴大桥)": "1997-01-28",
    "钱江四桥 (复兴大桥)": "2004-10-16",
    "江东大桥": "2008-12-26",
    "钱江五桥 (袁浦大桥)": "2003-12-28",
    "之江大桥": "2013-02-05",
    "庆春路过江隧道": "2010-12-28",
    "钱江通道 (钱江隧道)": "2014-04-16",
    "五峰山长江大桥": "2021-06-30",
    "太湖隧道": "2021-12-30",
    "芜湖长江二桥": "2017-12-30",
    "芜湖长江三桥": "2020-09-29",
    "池州长江公路大桥": "2019-08-31",
    "铜陵长江公铁大桥": "2016-01-27",
    "燕子矶长江隧道 (和燕路过江通道)": "2022-12-28",
    "南京二桥北汊大桥": "2001-03-26",
    "钱塘过江隧道 (艮山东路过江隧道)": "2022-07-30",
    "南浦大桥": "1991-12-01",
    "杨浦大桥": "1993-10-23",
    "长江路隧道": "2016-09-10",
    "郊环隧道": "2019-12-31",
    "闵浦三桥 (昆阳路越江大桥)": "2020-10-28",
    "虹梅南路隧道": "2015-12-30",
    "温州大桥": "1998-05-26",
    "瓯江北口大桥": "2022-05-27",
    "台州湾大桥": "2019-01-16",
    "朱家尖海峡大桥": "1999-10-01",
}
AUTHORED_CROSSINGS = {
    "g9211_jintang_bridge": "2009-12-25",
    "g9211_xihoumen_bridge": "2009-12-25",
    "zhoudai_bridge": "2021-12-29",
    "sutong_bridge": "2008-06-30",
    "changtai_bridge": "2025-09-09",
    "yueqing_bay_bridge": "2018-09-28",
    "jiubao_bridge": "2012-07-06",
    "ningyang_bridge": "2025-01-01",
    "xinshengwei_bridge": "2025-11-26",
    "wuhu_longwan_tunnel": "2025-07-01",
    "xiushan_bridge": "2019-09-25",
}


@dataclass(frozen=True)
class Roads:
    """The shipped and the authored roads as one graph, every edge with km, since and what it is."""

    links: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame
    authored: pd.DataFrame
    points: pd.DataFrame
    graph: "nx.MultiGraph"
    tree: cKDTree

    def nearest(self, lon: float, lat: float) -> int:
        return int(self.nodes["node_id"].iloc[self.tree.query((lon * 0.86, lat))[1]])

    def joined(self, lon: float, lat: float) -> int | str:
        """Return the node within 3 km, or a node of its own on an island that has no other roads."""
        node = self.nodes.geometry.iloc[(row := self.tree.query((lon * 0.86, lat))[1])]
        _, _, metres = GEOD.inv(lon, lat, node.x, node.y)
        return int(self.nodes["node_id"].iloc[row]) if metres <= 3000 else f"{lon:.2f},{lat:.2f}"

    def way_km(self, start: int | str, end: int | str, *, day: str = "2026-11-01", without: str = "") -> float:
        """Return the shortest km on what is open on a day, without one crossing; inf if there is no way."""

        def km(_: object, __: object, parallel: dict) -> float | None:
            open_km = [
                e["km"] for e in parallel.values() if e["since"] <= day and not (without and e["name"] == without)
            ]
            return min(open_km, default=None)

        try:
            return float(nx.dijkstra_path_length(self.graph, start, end, weight=km))
        except nx.NetworkXNoPath:
            return float("inf")

    def between(self, start: tuple[float, float], end: tuple[float, float], day: str) -> float:
        return self.way_km(self.nearest(*start), self.nearest(*end), day=day)


@pytest.fixture(scope="module")
def roads() -> Roads:
    links = gpd.read_file(REPOSITORY / "data" / "roads.gpkg", layer="links")
    nodes = gpd.read_file(REPOSITORY / "data" / "roads.gpkg", layer="nodes").sort_values("node_id", ignore_index=True)
    authored = pd.read_csv(REPOSITORY / "networks" / "yrd" / "roads.csv")
    points = pd.read_csv(REPOSITORY / "networks" / "yrd" / "road_points.csv")
    graph = nx.MultiGraph()
    for link in links.itertuples():
        graph.add_edge(link.from_node, link.to_node, km=link.km, since=link.opening_date or "", name=link.name or "")
    tree = cKDTree(np.c_[nodes.geometry.x * 0.86, nodes.geometry.y])
    result = Roads(links, nodes, authored, points, graph, tree)
    for road in authored.itertuples():
        way = points[(points["road_id"] == road.road_id) & (points["joins"] == "yes")].sort_values("sequence")
        ends = [result.joined(lon, lat) for lon, lat in zip(way["lon"], way["lat"], strict=True)]
        for a, b in itertools.pairwise(ends):
            graph.add_edge(a, b, km=road.length_km / (len(ends) - 1), since=road.opening_date, name=road.road_id)
    return result


def test_every_link_has_two_nodes_a_declared_class_and_a_length_no_shorter_than_the_straight_line(roads: Roads) -> None:
    classes = set(pd.read_csv(REPOSITORY / "networks" / "yrd" / "road_classes.csv")["road_class"])
    known = set(roads.nodes["node_id"])
    assert set(roads.links["road_class"]) <= classes
    assert set(roads.links["from_node"]) | set(roads.links["to_node"]) == known
    place = roads.nodes.set_index("node_id").geometry
    a, b = place.loc[roads.links["from_node"]], place.loc[roads.links["to_node"]]
    _, _, metres = GEOD.inv(a.x.to_numpy(), a.y.to_numpy(), b.x.to_numpy(), b.y.to_numpy())
    # The package rounds places to 0.001 degrees (111 m), and joined junctions move by up to 170 m at each end.
    assert (roads.links["km"] * 1000 >= metres - 2 * 170 - 111).all()


def test_words_of_the_file_are_those_that_the_model_reads(roads: Roads) -> None:
    assert set(roads.links["structure"]) == {"surface", "bridge", "tunnel"}
    assert set(roads.links["origin"]) == {"osm", "mended", "authored"}
    assert set(roads.nodes["entered"]) == {"yes", "no"}


@pytest.mark.parametrize(("name", "day"), SHIPPED_CROSSINGS.items())
def test_crossing_of_the_extract_is_there_with_its_day_and_without_it_the_way_is_longer(
    roads: Roads, name: str, day: str
) -> None:
    links = roads.links[roads.links["name"] == name]
    assert len(links) > 0
    assert set(links["opening_date"]) == {day}
    assert set(links["structure"]) <= {"bridge", "tunnel"}
    longest = links.loc[links["km"].idxmax()]
    start, end = longest["from_node"], longest["to_node"]
    with_it, without = roads.way_km(start, end), roads.way_km(start, end, without=name)
    # Two banks joined by a bridge of a few hundred metres or more are further apart without it; within Hangzhou and
    # Nanjing the next crossing is a few km off.
    assert without > with_it + 2.0


@pytest.mark.parametrize(("road_id", "day"), AUTHORED_CROSSINGS.items())
def test_authored_crossing_is_there_with_its_day_and_without_it_the_way_is_longer(
    roads: Roads, road_id: str, day: str
) -> None:
    row = roads.authored.set_index("road_id").loc[road_id]
    assert row["opening_date"] == day
    ends = roads.points[(roads.points["road_id"] == road_id) & (roads.points["joins"] == "yes")].sort_values("sequence")
    a = roads.joined(ends["lon"].iloc[0], ends["lat"].iloc[0])
    b = roads.joined(ends["lon"].iloc[-1], ends["lat"].iloc[-1])
    assert roads.way_km(a, b, without=road_id) > roads.way_km(a, b) + 2.0


@pytest.mark.parametrize(
    ("names", "published_km"),
    [
        (["杭州湾跨海大桥"], 36.0),  # Xinhua 2008-05-01
        (
            ["嘉绍北接线", "嘉绍大桥引桥", "嘉绍大桥", "嘉绍南接线"],
            69.462,
        ),  # Nanhu-Guzhu, China News Service 2008-12-14
        (["东海大桥"], 32.5 - 6.0),  # published to the port; the last 6.0 km are the authored port road
        (
            ["上海长江大桥", "上海长江隧道", "上海长江隧桥引桥", "上海长江隧道长兴接线"],
            25.5,
        ),  # 8.9 km tunnel, 16.6 km bridge
    ],
)
def test_crossing_of_the_extract_is_as_long_as_published(roads: Roads, names: list[str], published_km: float) -> None:
    ways = nx.Graph()
    for link in roads.links[roads.links["name"].isin(names)].itertuples():
        if not ways.has_edge(link.from_node, link.to_node) or ways[link.from_node][link.to_node]["km"] > link.km:
            ways.add_edge(link.from_node, link.to_node, km=link.km)
    reach = dict(nx.all_pairs_dijkstra_path_length(ways, weight="km"))
    assert max(max(row.values()) for row in reach.values()) == pytest.approx(published_km, rel=0.15)


@pytest.mark.parametrize(
    ("road_ids", "published_km"),
    [
        (["g9211_jintang_bridge", "g9211_xihoumen_bridge", "g9211_cengang_dinghai"], 48.0),
        (["zhoudai_bridge"], 37.0),
        (["sutong_bridge"], 8.146),
        (["hangshaoyong_shaoxing"], 52.8),
        (["hangshaoyong_ningbo_1_west", "hangshaoyong_ningbo_1_east"], 55.475),
        (["hangshaoyong_ningbo_2"], 14.4),
        (["xiangshanwan"], 24.0),
        (["ningyang_bridge"], 5.8),
        (["wuhu_longwan_tunnel"], 5.9),
    ],
)
def test_authored_road_has_the_published_length_and_is_drawn_no_longer(
    roads: Roads, road_ids: list[str], published_km: float
) -> None:
    rows = roads.authored[roads.authored["road_id"].isin(road_ids)]
    drawn_km = 0.0
    for road_id in road_ids:
        way = roads.points[roads.points["road_id"] == road_id].sort_values("sequence")
        drawn_km += GEOD.line_length(way["lon"].to_numpy(), way["lat"].to_numpy()) / 1000
    assert rows["length_km"].sum() == pytest.approx(published_km, rel=0.15)
    # A road cannot be shorter than its own drawing; 3 % is what placing interchanges by hand can be off.
    assert drawn_km <= rows["length_km"].sum() * 1.03


def test_shanghai_to_ningbo_goes_round_the_bay_until_the_bridge_opens(roads: Roads) -> None:
    # Published: the bridge shortens the way by 120 km.
    before = roads.between(SHANGHAI, NINGBO, "2008-04-30")
    after = roads.between(SHANGHAI, NINGBO, "2008-05-01")
    assert before - after == pytest.approx(120, rel=0.25)


def test_xiangshan_is_nearer_to_ningbo_from_the_day_of_the_harbour_bridge(roads: Roads) -> None:
    # Published: about 120 km round the harbour before.
    assert roads.between(NINGBO, XIANGSHAN, "2012-12-28") == pytest.approx(120, rel=0.15)
    assert roads.between(NINGBO, XIANGSHAN, "2012-12-29") < 80


def test_zhoushan_and_daishan_have_no_road_to_the_mainland_before_their_bridges(roads: Roads) -> None:
    assert roads.between(NINGBO, DINGHAI, "2009-12-24") == float("inf")
    assert roads.between(NINGBO, DINGHAI, "2009-12-25") < 90
    assert roads.between(NINGBO, DAISHAN, "2021-12-28") == float("inf")
    assert roads.between(NINGBO, DAISHAN, "2021-12-29") < 130


def test_nodes_inside_bridges_and_tunnels_cannot_be_entered(roads: Roads) -> None:
    ends = pd.concat(
        [
            roads.links[["from_node", "structure"]].set_axis(["node_id", "structure"], axis=1),
            roads.links[["to_node", "structure"]].set_axis(["node_id", "structure"], axis=1),
        ]
    )
    kinds = ends.groupby("node_id")["structure"].agg(lambda found: "surface" in set(found))
    count = ends.groupby("node_id").size()
    inside = kinds.index[~kinds & (count > 1)]
    nodes = roads.nodes.set_index("node_id").loc[inside]
    assert len(nodes) > 0
    assert set(nodes.loc[nodes["interchange"] != "authored", "entered"]) == {"no"}


def test_the_bay_bridge_has_no_place_to_leave_it_over_the_water(roads: Roads) -> None:
    bridge = roads.links[roads.links["name"] == "杭州湾跨海大桥"]
    # 36 km, nearly all of it over water: one link of over 32 km (90 %) leaves no node between the shores.
    assert bridge["km"].max() > 0.9 * 36


def test_mended_gaps_are_marked_short_and_never_lead_over_wide_water(roads: Roads) -> None:
    mended = roads.links[roads.links["origin"] == "mended"]
    assert len(mended) > 50
    motorway = mended["road_class"].str.startswith(("motorway", "urban_expressway"))
    assert mended.loc[~motorway, "km"].max() <= 1.2 * 1.2 + 0.05  # limit of a gap times the shape factor
    assert mended.loc[motorway, "km"].max() <= 5.0 * 1.2  # the same where a motorway stops short of the next one
    land = gpd.read_file(REPOSITORY / "data" / "land.gpkg", layer="land").geometry
    water = gpd.read_file(REPOSITORY / "data" / "land.gpkg", layer="water").geometry
    dry = shapely.union_all(land.to_numpy())
    wet = shapely.union_all(water.to_numpy())
    shapely.prepare([dry, wet])
    lines = mended.geometry.to_numpy()
    over_sea = shapely.length(shapely.difference(lines, dry))
    over_water = shapely.length(shapely.intersection(lines, wet))
    assert ((over_sea + over_water) * 111 <= 0.15).all()


def test_shortest_ways_are_hardly_ever_longer_than_the_fastest_ways_of_a_routing_engine(roads: Roads) -> None:
    observed = pd.read_csv(REPOSITORY / "data" / "observed" / "road_distances.csv")
    shortest = [
        roads.between((row.from_lon, row.from_lat), (row.to_lon, row.to_lat), "2026-11-01")
        for row in observed.itertuples()
    ]
    error = np.array(shortest) / observed["km"] - 1
    # Shortest ways are no longer than the engine's fastest ways, apart from errors of the data.
    assert error.median() <= 0.0
    assert error.quantile(0.9) < 0.05
    assert error.min() > -0.15


def test_every_authored_road_has_points_in_order_and_can_be_entered_at_both_ends_or_joins_another(roads: Roads) -> None:
    for road_id, way in roads.points.groupby("road_id"):
        assert way["sequence"].tolist() == list(range(1, len(way) + 1)), road_id
        assert (way["joins"] == "yes").sum() >= 1, road_id
    assert set(roads.points["road_id"]) == set(roads.authored["road_id"])


def test_every_motorway_of_the_build_is_in_the_file(roads: Roads) -> None:
    motorways = pd.read_csv(REPOSITORY / "data" / "build" / "roads" / "motorways.csv", dtype=str)
    there = set(roads.links["name"])
    crossings = set(pd.read_csv(REPOSITORY / "data" / "build" / "roads" / "crossings.csv")["name"])
    missing = [name for name in motorways["name"] if name not in there and name not in crossings]
    # Those that are a crossing from end to end bear the name of the crossing instead.
    assert [name for name in missing if not name.endswith(("引桥", "接线", "隧道", "锡通高速"))] == []


# Motorways whose ends are the published ones: length in km from the press or an encyclopaedia (sources in motorways.csv).
PUBLISHED_KM = {
    "镇丹高速": 21.6,
    "宣宁高速": 45.6,
    "宁千高速": 40.4,
    "临建高速千秋关—於潜段": 24.1,
    "临建高速於潜—安仁段": 85.5 - 24.1,
    "绍诸高速": 62.5,
    "申嘉湖高速浙江段": 102.0,
    "练杭高速": 52.0,
    "杭州绕城高速西复线": 149.0,
    "芜黄高速": 116.0,
    "杭长高速": 65.9,
    "杭长高速一期": 19.0,
}


@pytest.mark.parametrize(("name", "published_km"), PUBLISHED_KM.items())
def test_a_motorway_laid_on_the_extract_is_about_as_long_as_published(
    roads: Roads, name: str, published_km: float
) -> None:
    """Waypoints were read off the map, and a road taken for another one is longer or shorter than its published length."""
    own = nx.Graph()
    for link in roads.links[roads.links["name"] == name].itertuples():
        own.add_edge(link.from_node, link.to_node, km=link.km)
    ways = dict(nx.all_pairs_dijkstra_path_length(own, weight="km"))
    longest = max(km for from_node in ways.values() for km in from_node.values())
    assert longest == pytest.approx(published_km, rel=0.12)
