"""The shipped region: the delta's land, water, people and places against what is known of them."""

from collections import deque

import numpy as np
import pytest

import sim
from sim.region import read_region
from sim.region.grid import DIRECTIONS

pytestmark = pytest.mark.real

# 2020 census, communique no. 3: residents by province.
CENSUS_2020 = {"上海": 24_870_895, "江苏": 84_748_016, "浙江": 64_567_588, "安徽": 61_027_171}
# Land area in km2 as the provinces give it, lakes included, except Jiangsu's (107,200 with 16,600 of water).
# Shanghai's new polders and drying flats (OpenStreetMap counts them as land) add up to a sixth.
LAND_KM2 = {"上海": (6_341, 7_400), "江苏": (90_600, 100_000), "浙江": (101_000, 105_500), "安徽": (133_000, 140_100)}

FARTHEST_WALK = 60  # steps between cells

# Pairs on opposite banks, each a few kilometres apart (lon, lat): north or west bank first.
OPPOSITE_BANKS = {
    "Yangtze, Nanjing and Pukou": ((118.625, 32.06), (118.79, 32.05)),
    "Yangtze, Ma'anshan and Hexian": ((118.35, 31.74), (118.50, 31.69)),
    "Yangtze, Wuhu": ((118.24, 31.36), (118.37, 31.34)),
    "Yangtze, Tongling and Zongyang": ((117.55, 30.95), (117.82, 30.94)),
    "Yangtze, Anqing and Chizhou": ((117.06, 30.53), (117.10, 30.42)),
    "Yangtze, Yangzhou and Zhenjiang": ((119.42, 32.36), (119.42, 32.19)),
    "Yangtze, Jingjiang and Jiangyin": ((120.27, 31.99), (120.28, 31.91)),
    "Yangtze, Nantong and Changshu": ((120.90, 31.95), (120.75, 31.66)),
    "Yangtze mouth, Baoshan and Chongming": ((121.40, 31.62), (121.44, 31.41)),
    "Qiantang, Qianjiang New Town and Binjiang": ((120.205, 30.25), (120.21, 30.205)),
    "Qiantang, Xiasha and Xiaoshan": ((120.34, 30.31), (120.40, 30.23)),
    "Hangzhou Bay, Haiyan and Cixi": ((120.94, 30.52), (121.20, 30.30)),
    "Huangpu, the Bund and Lujiazui": ((121.475, 31.235), (121.52, 31.23)),
    "Oujiang, Wenzhou and Yongjia": ((120.69, 28.07), (120.66, 28.01)),
    "Taihu, Yixing and Dongshan": ((119.88, 31.25), (120.40, 31.08)),
    "Chaohu, north and south shore": ((117.52, 31.68), (117.50, 31.43)),
    "Hongze, east and west shore": ((118.87, 33.29), (118.42, 33.36)),
    "sea, Beilun and Jintang": ((121.84, 29.90), (121.87, 30.02)),
    "sea, Dinghai and Daishan": ((122.10, 30.03), (122.20, 30.25)),
}
SAME_BANK = {
    "Nanjing and Qixia": ((118.79, 32.05), (118.95, 32.12)),
    "Pukou and Luhe": ((118.625, 32.06), (118.82, 32.34)),
    "Wuhu and Wanzhi": ((118.37, 31.34), (118.57, 31.14)),
    "Jiangyin and Zhangjiagang": ((120.28, 31.91), (120.55, 31.87)),
    "Binjiang and Xiaoshan": ((120.21, 30.205), (120.27, 30.17)),
    "People's Square and Hongqiao": ((121.475, 31.235), (121.32, 31.20)),
    "Lujiazui and Zhangjiang": ((121.52, 31.23), (121.59, 31.20)),
    "Ningbo and Beilun": ((121.55, 29.87), (121.84, 29.90)),
    "Dinghai and Shenjiamen": ((122.10, 30.03), (122.30, 29.96)),
}
# Settled islands (lon, lat of a village or town).
ISLANDS = {
    "Chongming": (121.40, 31.63), "Changxing": (121.69, 31.39), "Hengsha": (121.85, 31.34),
    "Jintang": (121.866, 30.006), "Liuheng": (122.109, 29.745), "Taohua": (122.28, 29.81), "Dengbu": (122.31, 29.87),
    "Xiazhi": (122.236, 29.756), "Zhujiajian": (122.389, 29.922), "Putuoshan": (122.380, 29.987),
    "Daishan": (122.199, 30.246), "Qushan": (122.284, 30.450), "Changtu": (122.303, 30.254),
    "Xiushan": (122.169, 30.189), "Cezi": (121.933, 30.083), "Sijiao (Shengsi)": (122.451, 30.724),
    "Gouqi": (122.769, 30.712), "Shengshan": (122.808, 30.720), "Dayangshan": (122.077, 30.594),
    "Dongji": (122.681, 30.196), "Dongtou": (121.15, 27.84), "Yuhuan": (121.226, 28.138), "Nanji": (121.07, 27.465),
    "Nantian": (121.93, 29.12), "Yangzhong": (119.80, 32.24), "Xishan on Taihu": (120.27, 31.11),
}  # fmt: skip


@pytest.fixture(scope="module")
def region(repository):
    folder = repository / "networks" / "yrd"
    return read_region(folder, sim.read_network(folder))


def nearest_land(grid, lon, lat, within=2):
    row, column = grid.cell_at(lon, lat)
    window = grid.is_land[row - within : row + within + 1, column - within : column + within + 1]
    cells = np.argwhere(window)
    assert len(cells), f"no land within {within} cells of {lon},{lat}"
    best = cells[np.abs(cells - within).sum(axis=1).argmin()]
    return row - within + int(best[0]), column - within + int(best[1])


def steps_between(grid, start, end):
    """Fewest steps over land between two cells, or None when they are more than FARTHEST_WALK apart."""
    steps = {start: 0}
    queue = deque([start])
    while queue:
        cell = queue.popleft()
        if cell == end:
            return steps[cell]
        if steps[cell] == FARTHEST_WALK:
            continue
        for bit, (down, right) in enumerate(DIRECTIONS):
            if grid.moves[cell] >> bit & 1:
                there = (cell[0] + down, cell[1] + right)
                if there not in steps:
                    steps[there] = steps[cell] + 1
                    queue.append(there)
    return None


def test_the_people_of_each_province_are_those_of_the_census(region):
    assert region.people_by("province").to_dict() == CENSUS_2020


def test_the_people_of_each_county_are_those_of_the_census(region):
    in_cells = region.people_by("adcode")
    census = region.counties.groupby("cells_of")["population_2020"].sum()
    assert len(in_cells) == len(census) > 300
    assert (in_cells.sort_index() == census.sort_index()).all()


def test_people_come_in_whole_numbers(region):
    assert (region.grid.population == np.floor(region.grid.population)).all()


def test_the_densest_cells_are_as_dense_as_the_densest_districts(region):
    # Huangpu and Hongkou hold 662,030 people on 20 km2 and 757,498 on 23: 33,000 per km2 on average.
    grid = region.grid
    in_shanghai = grid.population[region.cells_of("shanghai")].max()
    in_ningbo = grid.population[region.cells_of("ningbo")].max()
    assert 33_000 < in_shanghai < 50_000
    assert 10_000 < in_ningbo <= 20_000


def test_the_land_of_each_province_is_about_as_large_as_it_should_be(region):
    province = region.counties.set_index("county_index")["province"]
    counts = province.reindex(region.grid.county[region.grid.is_land]).value_counts()
    for name, (least, most) in LAND_KM2.items():
        assert least <= counts[name] * region.grid.cell_km2 <= most, name


@pytest.mark.parametrize("pair", OPPOSITE_BANKS.values(), ids=OPPOSITE_BANKS.keys())
def test_nobody_walks_across_wide_water(region, pair):
    one, other = (nearest_land(region.grid, *point) for point in pair)
    straight = max(abs(one[0] - other[0]), abs(one[1] - other[1]))
    assert straight <= FARTHEST_WALK * 0.9, "the pair is too far apart to prove anything"
    walked = steps_between(region.grid, one, other)
    assert walked is None or walked > 1.5 * straight + 5


@pytest.mark.parametrize("pair", SAME_BANK.values(), ids=SAME_BANK.keys())
def test_one_walks_along_one_bank(region, pair):
    one, other = (nearest_land(region.grid, *point) for point in pair)
    straight = max(abs(one[0] - other[0]), abs(one[1] - other[1]))
    walked = steps_between(region.grid, one, other)
    assert walked is not None
    assert walked <= 1.6 * straight + 3


@pytest.mark.parametrize("point", ISLANDS.values(), ids=ISLANDS.keys())
def test_settled_islands_have_cells_and_people(region, point):
    cell = nearest_land(region.grid, *point)
    assert region.grid.population[cell] > 0


@pytest.mark.parametrize("point", [(121.822, 31.237), (121.896, 31.229), (121.979, 31.20)])
def test_nobody_lives_on_the_flats_of_the_jiuduansha_reserve(region, point):
    grid = region.grid
    row, column = nearest_land(grid, *point)
    around = (slice(row - 2, row + 3), slice(column - 2, column + 3))
    assert grid.is_land[around].any()
    assert grid.population[around][grid.is_land[around]].sum() == 0


def test_every_named_place_and_county_seat_is_on_or_beside_land(region):
    for table in (region.places, region.counties, region.cities):
        for row in table.itertuples():
            nearest_land(region.grid, row.lon, row.lat, within=1 if row.name != "淳安县" else 2)


def test_every_municipal_government_lies_in_its_own_city(region):
    city_of = region.counties.set_index("county_index")["city_id"]
    for row in region.cities.itertuples():
        assert city_of[region.grid.county[region.grid.cell_at(row.lon, row.lat)]] == row.city_id


def test_the_city_sets_have_as_many_members_as_their_names_say(region):
    counts = {set_id: len(region.members(set_id)) for set_id in region.city_sets["set_id"].unique()}
    # Ningbo has 10 counties, Zhoushan 4; of Taizhou 3 districts, Sanmen, Tiantai, Linhai; of Shaoxing 3.
    metro = 10 + 4 + 6 + 3
    assert counts == {
        "16": 16, "26": 26, "27": 27, "41": 41, "shanghai_1_8": 1 + 8, "shanghai_1_13": 1 + 13, "ningbo_metro": metro,
        "zhejiang": 11, "ningbo_centre": 5,
    }  # fmt: skip
    assert set(region.members("16")) < set(region.members("26")) < set(region.members("27")) < set(region.members("41"))
    assert set(region.members("27")) - set(region.members("26")) == {"wenzhou"}
    assert region.cities_of_set("ningbo_metro") == ["ningbo", "zhoushan", "taizhou_zj", "shaoxing"]


def test_land_and_water_are_there_to_draw(region):
    assert len(region.land) > 100
    assert {"太湖 Taihu", "长江", "钱塘江"} <= set(region.water["name"])
