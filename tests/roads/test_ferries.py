"""networks/yrd/ferries.csv: what each row rests on, ways over water, speeds, piers, and islands that are reached."""

import importlib
import shutil
from functools import cache
from math import hypot
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import sim
from sim.network.network import Network, read_network
from sim.region.grid import DIRECTIONS, Grid, read_grid
from sim.times.road_graph import nearest_land, to_grid
from sim.times.roads import compile_roads, surfaces_to

REPOSITORY = Path(__file__).parents[2]
KM_PER_NAUTICAL_MILE = 1.852
KM_PER_DEGREE_LAT = 110.95

SPEEDS_KMH = {"car_ferry": (7.0, 28.0), "boat": (10.0, 35.0), "fast_boat": (20.0, 58.3)}
"""Car ferries of these waters are built for 10 to 15 knots, boats for up to 19; the fastest ship named in a source, 盛鹰2号
Jinshan-Putuoshan of 2012 (archive.shine.cn), makes 31.5 knots. Short crossings are mostly casting off and landing."""

OVER_BAYS = {"xiangshan_xize_hengshan", "yuhuan_damaiyu"}
"""Both piers on the mainland, on two sides of a bay."""

BEFORE_THE_BRIDGES = "2008-06-01"
NINGBO = (121.544042, 29.8682)
ISLANDS_BY_FERRY = {
    "Jintang": (121.885, 30.035),
    "Dinghai": (122.107, 30.02),
    "Daishan": (122.18, 30.28),
    "Liuheng": (122.109, 29.745),
    "Sijiao, Shengsi": (122.447, 30.728),
    "Putuoshan": (122.385, 30.0),
    "Changxing": (121.7, 31.39),
    "Chongming": (121.4, 31.63),
}

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


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """Return data/build/ferries.py; its folder is no package, so it is found by path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "data" / "build"))
        return importlib.import_module("ferries")


@pytest.fixture(scope="module")
def ferries() -> pd.DataFrame:
    table = pd.read_csv(REPOSITORY / "networks" / "yrd" / "ferries.csv").set_index("ferry_id", drop=False)
    assert len(table) > 70
    return table


@pytest.fixture(scope="module")
def water_km(build: ModuleType, ferries: pd.DataFrame) -> pd.Series:
    """Return the km over water of each row, on the shipped map."""
    return pd.Series(build.read_water_km(ferries), index=ferries.index)


@cache
def real_network() -> Network:
    return read_network(REPOSITORY / "networks" / "yrd")


@cache
def real_grid() -> Grid:
    return read_grid(REPOSITORY / "data" / "cells.tif")


def boxes(*bounds: tuple[float, float, float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(*b) for b in bounds], crs=4326)


def test_a_way_over_water_goes_round_an_island(build: ModuleType) -> None:
    # On the equator, where a degree is 111.32 km either way to 0.3 %: piers 20 km apart, a wall half way that ends 7.5 km
    # north of the line between them and far to the south of it: two times 12.5 km, the hypotenuse of 10 and 7.5.
    km = 1 / build.KM_PER_DEGREE_LAT
    wall = boxes((10 * km, -90 * km, 10.2 * km, 7.5 * km))
    way = build.water_km((0.0, 0.0), (20 * km, 0.0), wall, boxes()[:0])
    assert way == pytest.approx(2 * hypot(10, 7.5), rel=0.03)


def test_a_way_over_water_leads_through_a_river_in_the_land_and_not_over_dry_land(build: ModuleType) -> None:
    land, river = boxes((-1, -1, 1, 1)), boxes((-0.02, -0.005, 0.12, 0.005))
    assert build.water_km((0.0, 0.0), (0.1, 0.0), land, river) == pytest.approx(0.1 * build.KM_PER_DEGREE_LON, rel=0.03)
    two_ponds = boxes((-0.02, -0.005, 0.02, 0.005), (0.08, -0.005, 0.12, 0.005))
    assert build.water_km((0.0, 0.0), (0.1, 0.0), land, two_ponds) == np.inf


def test_minutes_that_nobody_publishes_follow_the_median_speed_of_the_vessel(build: ModuleType) -> None:
    # Speeds 10, 12, 30 km/h (the last line twice, in two spans of years): the median of three is 12, so 6 km take 30 min.
    # Each by the median of the other two: 10 by 21 is 11/21 off, 12 by 20 is 0.4 off, 30 by 11 is 19/11 off.
    rows = pd.DataFrame(
        {
            "vessel": "boat",
            "from_name": ["a", "b", "c", "c", "d"],
            "to_name": "x",
            "sailing_basis": ["published"] * 4 + ["computed"],
            "sailing_min": [60, 30, 10, 10, np.nan],
            "water_km": [10.0, 6.0, 5.0, 5.0, 6.0],
        }
    )
    speeds = build.measure_speeds(rows)
    assert speeds.loc["boat"].tolist() == [12.0, 10.0, 30.0, 3.0, pytest.approx(11 / 21)]
    assert build.fill_in(rows, speeds).tolist() == [60, 30, 10, 10, 30]


@pytest.mark.real
def test_every_row_says_what_its_minutes_and_sailings_rest_on(ferries: pd.DataFrame) -> None:
    for row in ferries.to_dict("records"):
        bases = (row["sailing_basis"], row["sailings_basis"])
        assert bases[0] in ("published", "computed"), row["ferry_id"]
        assert bases[1] in ("published", "assumed"), row["ferry_id"]
        if "published" in bases:
            assert "http" in row["source"], row["ferry_id"]
        if "http" not in row["source"]:
            assert row["confidence"] == "guess", row["ferry_id"]
            assert "general knowledge" in row["source"], row["ferry_id"]
        if row["confidence"] == "high":
            assert bases == ("published", "published"), row["ferry_id"]


@pytest.mark.real
def test_every_row_carries_cars_exactly_where_the_vessel_is_a_car_ferry(ferries: pd.DataFrame) -> None:
    assert ((ferries["vessel"] == "car_ferry") == (ferries["vehicles"] == "yes")).all()


@pytest.mark.real
def test_every_row_closes_after_it_opens(ferries: pd.DataFrame) -> None:
    closed = ferries.dropna(subset=["closing_date"])
    assert len(closed) > 10
    assert (closed["opening_date"] < closed["closing_date"]).all()


@pytest.mark.real
def test_every_row_sails_at_a_speed_that_its_vessel_can_make(ferries: pd.DataFrame, water_km: pd.Series) -> None:
    speed = water_km / ferries["sailing_min"] * 60
    for vessel, (slowest, fastest) in SPEEDS_KMH.items():
        of_vessel = speed[ferries["vessel"] == vessel]
        assert len(of_vessel) > 10
        assert of_vessel.between(slowest, fastest).all(), of_vessel[~of_vessel.between(slowest, fastest)]


@pytest.mark.real
def test_every_row_holds_the_minutes_of_the_rule_where_they_are_computed(
    ferries: pd.DataFrame, water_km: pd.Series
) -> None:
    # Written out here a second time: medians by sorting, km over water by 60, whole minutes.
    known = ferries[ferries["sailing_basis"] == "published"].drop_duplicates(["from_name", "to_name", "vessel"])
    computed = ferries[ferries["sailing_basis"] == "computed"]
    assert len(computed) > 30
    for vessel, rows in computed.groupby("vessel"):
        speeds = sorted(water_km[key] / known.loc[key, "sailing_min"] for key in known.index[known["vessel"] == vessel])
        assert len(speeds) >= 6, vessel
        median = (speeds[(len(speeds) - 1) // 2] + speeds[len(speeds) // 2]) / 2
        for key, minutes in rows["sailing_min"].items():
            assert minutes == pytest.approx(water_km[key] / median, abs=0.51), key


@pytest.mark.real
def test_every_row_has_both_piers_at_the_shore(ferries: pd.DataFrame) -> None:
    shores = [
        gpd.read_file(REPOSITORY / "data" / "land.gpkg", layer=layer).boundary.to_numpy() for layer in ("land", "water")
    ]
    tree = shapely.STRtree(shapely.get_parts(np.concatenate(shores)))
    for end in ("from", "to"):
        piers = shapely.points(ferries[[f"{end}_lon", f"{end}_lat"]].to_numpy())
        away_km = tree.query_nearest(piers, return_distance=True, all_matches=False)[1] * KM_PER_DEGREE_LAT
        assert (away_km < 0.3).all(), ferries.loc[away_km >= 0.3, f"{end}_name"].tolist()


@pytest.mark.real
def test_every_row_leads_from_one_piece_of_land_to_another_one(ferries: pd.DataFrame) -> None:
    # Pieces of land between whose cells one can step. Of the rows before 2026-11 白沙, 通沙 and 青龙港-牛棚港 had both piers on
    # one piece, and the car ferry from Ningbo to Zhoushan ended on an islet before Dinghai.
    grid = real_grid()
    piece = pieces_of_land(grid)
    ends = []
    for end in ("from", "to"):
        cells, _ = nearest_land(grid, to_grid(grid, ferries[f"{end}_lon"], ferries[f"{end}_lat"]), 3.0)
        assert (cells >= 0).all()
        ends.append(piece.ravel()[cells])
    same = ends[0] == ends[1]
    assert set(ferries.index[same]) == OVER_BAYS
    # The piers of one name are on one piece, so that one can change there.
    named = pd.DataFrame(
        {"pier": pd.concat([ferries["from_name"], ferries["to_name"]]).to_numpy(), "piece": np.concatenate(ends)}
    )
    assert named.drop_duplicates()["pier"].is_unique


def pieces_of_land(grid: Grid) -> npt.NDArray[np.int32]:
    """Return a number for each cell, the same for two cells if one can step from one to the other."""
    number = np.arange(grid.is_land.size).reshape(grid.is_land.shape)
    steps = []
    for bit, (down, right) in enumerate(DIRECTIONS):
        rows, columns = np.nonzero((grid.moves >> bit) & 1)
        steps.append(np.stack([number[rows, columns], number[rows + down, columns + right]]))
    start, end = np.concatenate(steps, axis=1)
    graph = coo_array((np.ones(len(start), dtype=bool), (start, end)), shape=(number.size, number.size))
    return np.asarray(connected_components(graph, directed=False)[1]).reshape(number.shape)


@pytest.mark.real
@pytest.mark.parametrize(
    ("ferry_id", "km"),
    [
        ("yanwoshan_qushan", 8.3 * KM_PER_NAUTICAL_MILE),
        ("yanwoshan_shenjiawan", 16.2 * KM_PER_NAUTICAL_MILE),
        ("jiaojiang_dachen", 29 * KM_PER_NAUTICAL_MILE),
        ("jiaojiang_shangdachen", 26 * KM_PER_NAUTICAL_MILE),
        ("tongchang", 6.0),
        ("zhenyang", 1.6),
    ],
)
def test_the_way_over_water_is_as_long_as_published(water_km: pd.Series, ferry_id: str, km: float) -> None:
    # Every distance that a source of ferries.csv states; tells of wrong piers as well as of wrong ways. Rivers are drawn
    # by hand, so a short way may be off by 0.15 km.
    assert water_km[ferry_id] == pytest.approx(km, rel=0.06, abs=0.15)


@pytest.fixture(scope="module")
def minutes() -> dict[str, float]:
    network = real_network().as_of(pd.Timestamp(BEFORE_THE_BRIDGES))
    graph = compile_roads(
        real_grid(), network.road_nodes, network.road_links, network.roads, network.road_points, network.ferries,
        network.road_classes,
    )  # fmt: skip
    found = surfaces_to(graph, [NINGBO], list(ISLANDS_BY_FERRY.values()))[0]
    return dict(zip(ISLANDS_BY_FERRY, found.tolist(), strict=True))


@pytest.mark.real
def test_before_the_bridges_every_island_is_reached_from_ningbo(minutes: dict[str, float]) -> None:
    assert {name for name, found in minutes.items() if not np.isfinite(found)} == set()


@pytest.mark.real
def test_before_the_bridges_dinghai_takes_the_ferry_of_40_minutes_its_wait_and_the_drive_to_it(
    minutes: dict[str, float],
) -> None:
    # On board 40, boarding 15, half of 1,020 minutes by 43 sailings 11.9; 50 km to Baifeng and 5 km to Dinghai take 40 to
    # 110 min at 30 to 85 km/h. By Shanghai, as when the ferry ended on an islet, it was 346.
    boat = 40 + 15 + 1020 / 43 / 2
    assert boat + 40 < minutes["Dinghai"] < boat + 110


def test_a_route_names_its_ferry_with_the_minutes_of_boarding_wait_and_sailing(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "networks" / "grid", tmp_path / "networks" / "grid")
    folder = tmp_path / "scenarios" / "banks"
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (leg,) = sim.read_study(folder).find_route("ferry", "a", "b").legs
    # networks/grid: boarding 5, half of 1,020 minutes by 17 sailings 30, 10 on board; 2 km of river.
    assert leg.by.startswith("渡轮 2 km, 45 min 含候船 with boarding and wait; 地方道路 local streets ")
