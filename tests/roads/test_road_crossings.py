"""What leads over a wide river in the shipped roads: a bridge or tunnel with name and day, or a listed road on its bank."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

DATA = Path(__file__).parents[2] / "data"
GEOD = Geod(ellps="WGS84")
FARTHEST_KM = 0.5
"""The hand-drawn outlines are good to about so much: a road on a bank may be this far over the water, a bridge is further."""


@pytest.fixture(scope="module")
def links() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "roads.gpkg", layer="links")


def read_table(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / "build" / "roads" / name)


def km_over_drawn_rivers(links: gpd.GeoDataFrame) -> np.ndarray:
    """Return the km of each link over the rivers that are drawn by hand in ``wide_rivers.csv``."""
    water = gpd.read_file(DATA / "land.gpkg", layer="water")
    drawn = shapely.union_all(water.geometry[water["origin"] == "authored"].to_numpy())
    shapely.prepare(drawn)
    wet = shapely.intersection(links.geometry.to_numpy(), drawn)
    return np.array([GEOD.geometry_length(part) / 1000 for part in wet])


def unlisted_over_rivers(links: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the surface links that lie over a drawn river and are no listed road along a bank."""
    surface = links[(links["structure"] == "surface") & ~links["name"].isin(read_table("shore_roads.csv")["name"])]
    return surface[km_over_drawn_rivers(surface) > FARTHEST_KM]


def test_every_bridge_and_tunnel_has_a_name_and_a_day(links: gpd.GeoDataFrame) -> None:
    over = links[links["structure"] != "surface"]
    assert len(over) > 80
    assert set(over["name"]) <= set(read_table("crossings.csv")["name"])
    # The first bridge over these waters is that of Hangzhou (1937); the newest roads of the extract are of 2024.
    assert pd.to_datetime(over["opening_date"], format="%Y-%m-%d").between("1937-01-01", "2024-12-31").all()


def test_no_surface_link_runs_over_a_drawn_river_but_the_listed_roads_along_its_banks(links: gpd.GeoDataFrame) -> None:
    assert unlisted_over_rivers(links)[["name", "from_node", "to_node", "km"]].to_numpy().tolist() == []


def test_a_surface_link_across_the_qiantang_is_found(links: gpd.GeoDataFrame) -> None:
    # From Yanguan to the other bank, where the river is 2 to 3 km wide.
    way = shapely.LineString([(120.55, 30.42), (120.58, 30.34)])
    added = links.iloc[:1].assign(structure="surface", name="", geometry=[way])
    assert len(unlisted_over_rivers(pd.concat([links, added]))) == 1


def test_no_listed_road_along_a_bank_leads_from_one_bank_to_the_other() -> None:
    rivers = pd.read_csv(DATA / "build" / "wide_rivers.csv")
    compared = 0
    for row in read_table("shore_roads.csv").itertuples():
        ends = [shapely.Point(row.a_lon, row.a_lat), shapely.Point(row.b_lon, row.b_lat)]
        for _, reach in rivers[rivers["river"] == row.water].groupby("reach"):
            middle = shapely.LineString(reach[["lon", "lat"]].to_numpy())
            half_width = float(reach["width_km"].max()) / 2 / 111
            dry = all(end.distance(middle) > half_width for end in ends)
            assert not (dry and shapely.LineString(ends).intersects(middle)), row.name
            compared += 1
    assert compared > 20


def test_no_surface_link_leads_from_one_island_to_another(links: gpd.GeoDataFrame) -> None:
    coast = gpd.read_file(DATA / "land.gpkg", layer="land").geometry.to_numpy()
    on_surface = links[links["structure"] == "surface"].geometry.to_numpy()
    island = np.full((2, len(on_surface)), -1)
    for end, place in enumerate((0, -1)):
        row, of = shapely.STRtree(coast).query(shapely.get_point(on_surface, place), predicate="within")
        island[end, row] = of
    both_dry = (island >= 0).all(axis=0)
    assert both_dry.mean() > 0.9
    apart = both_dry & (island[0] != island[1])
    assert [shape.wkt for shape in on_surface[apart]] == []
