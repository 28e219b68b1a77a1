"""Make data/land.gpkg: layer `land` (coast and islands) and layer `water` (lakes and wide rivers), EPSG:4326.

    python data/build/land.py

Land is OpenStreetMap's. Lakes and the Yangtze above Nanjing are GSHHG's, corrected where they contradict known
places; the Yangtze from Nanjing to the sea, the Qiantang and the Huangpu are drawn by hand in wide_rivers.csv
as centre lines with a width, because GSHHG is out by a kilometre there or has nothing.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from package_data import BOX, read_gshhg_lakes, read_osm_land

DATA = Path(__file__).resolve().parents[1]
WIDE_RIVERS = Path(__file__).with_name("wide_rivers.csv")
EQUAL_AREA_CRS = "+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"

# Below this a lake is no obstacle worth mapping on a 1 km grid (km2, GSHHG's own figure).
SMALLEST_LAKE_KM2 = 40.0
# The smallest piece of land kept: below it an islet has no road, no village and no cell (km2).
SMALLEST_ISLAND_KM2 = 0.05
# Shore detail kept in the file (degrees, about 30 m).
SIMPLIFY_DEG = 0.0003

# Where GSHHG is wrong: boxes (west, south, east, north) cleared of its water, with the reason.
GSHHG_ERRORS = {
    "Yangzhong island is drawn as a lake": (119.70, 31.99, 119.95, 32.32),
    "the Yangtze from Nanjing down and the Grand Canal are off; drawn by hand instead": (118.575, 31.93, 119.66, 32.62),
    "the small Yuxi river at Chaohu city is drawn as an arm of the lake": (117.865, 31.45, 118.00, 31.66),
    "Mashan on Taihu has been joined to Wuxi since the 1970s": (120.085, 31.425, 120.145, 31.480),
}

# Names of the waters that maps label, by a point inside (lon, lat).
LAKE_NAMES = {
    "太湖 Taihu": (120.15, 31.20),
    "巢湖 Chaohu": (117.55, 31.55),
    "洪泽湖 Hongze": (118.60, 33.30),
    "高邮湖 Gaoyou": (119.30, 32.85),
    "千岛湖 Qiandao": (118.95, 29.58),
    "骆马湖 Luoma": (118.20, 34.07),
    "阳澄湖 Yangcheng": (120.76, 31.40),
    "淀山湖 Dianshan": (120.96, 31.11),
    "滆湖 Gehu": (119.81, 31.60),
    "石臼湖 Shijiu": (118.88, 31.46),
    "南漪湖 Nanyi": (118.93, 31.10),
    "瓦埠湖 Wabu": (116.87, 32.38),
    "长江 Yangtze": (117.72, 30.90),
}


def draw_wide_rivers(path: Path = WIDE_RIVERS) -> gpd.GeoDataFrame:
    """Polygons of the hand-drawn rivers: each stretch between two vertices widened to the width at its ends."""
    vertices = pd.read_csv(path)
    points = gpd.GeoSeries.from_xy(vertices["lon"], vertices["lat"], crs="EPSG:4326").to_crs(EQUAL_AREA_CRS)
    discs = points.buffer(vertices["width_km"] * 500.0, quad_segs=8)
    rows: list[tuple[str, shapely.Geometry]] = []
    for _, reach in vertices.groupby("reach", sort=False):
        stretches = [
            shapely.union(discs[first], discs[second]).convex_hull
            for first, second in zip(reach.index[:-1], reach.index[1:], strict=True)
        ]
        rows.append((reach["river"].iloc[-1], shapely.union_all(stretches)))
    rivers = gpd.GeoDataFrame(rows, columns=["name", "geometry"], crs=EQUAL_AREA_CRS).to_crs("EPSG:4326")
    rivers["origin"] = "authored"
    return rivers


def correct_gshhg_lakes() -> gpd.GeoDataFrame:
    """Lakes and wide rivers of GSHHG that are large enough, less the places where it is known to be wrong."""
    lakes = read_gshhg_lakes()
    lakes = lakes[lakes["area_km2"] >= SMALLEST_LAKE_KM2]
    errors = shapely.union_all([shapely.box(*box) for box in GSHHG_ERRORS.values()])
    geometry = lakes.geometry.difference(errors).intersection(shapely.box(*BOX))
    named = gpd.GeoDataFrame({"name": "", "origin": "gshhg"}, geometry=geometry, index=lakes.index)
    named = named[~named.geometry.is_empty].reset_index(drop=True)
    for name, place in LAKE_NAMES.items():
        nearest = int(np.argmin(shapely.distance(named.geometry.to_numpy(), shapely.Point(place))))
        named.loc[nearest, "name"] = name
    return named


def write_land() -> None:
    """Write both layers and print what they hold."""
    land = gpd.GeoDataFrame(geometry=read_osm_land(), crs="EPSG:4326")
    land["area_km2"] = land.to_crs(EQUAL_AREA_CRS).area / 1e6
    land = land[land["area_km2"] >= SMALLEST_ISLAND_KM2].sort_values("area_km2", ascending=False)
    land["area_km2"] = land["area_km2"].round(3)
    land["geometry"] = land.geometry.simplify(SIMPLIFY_DEG)
    water = pd.concat([draw_wide_rivers(), correct_gshhg_lakes()], ignore_index=True)
    water["geometry"] = water.geometry.simplify(SIMPLIFY_DEG)
    path = DATA / "land.gpkg"
    path.unlink(missing_ok=True)
    for layer, frame in (("land", land), ("water", water)):
        rounded = frame.assign(geometry=shapely.set_precision(frame.geometry.to_numpy(), 1e-5))
        rounded[~rounded.geometry.is_empty].to_file(path, layer=layer, driver="GPKG")
        vertices = int(np.sum(shapely.get_num_coordinates(rounded.geometry.to_numpy())))
        print(f"{layer}: {len(rounded)} polygons, {vertices} vertices")
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    write_land()
