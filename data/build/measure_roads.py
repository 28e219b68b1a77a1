"""Print how the road model compares with data/observed: distances, drive times, bands, and single crossings taken away.

Run ``python data/build/measure_roads.py``. The ways are those of the model itself (land grid, interchange minutes,
networks/yrd as of the day of each row); nothing is written. Rows with ``use = check`` took no part in any choice made
in data/build/roads or networks/yrd/road_classes.csv since the split was made.
"""

from functools import cache
from pathlib import Path

import pandas as pd

from sim.errors import InputError, NoRouteError
from sim.network.network import Network, read_network
from sim.region.grid import Grid, read_grid
from sim.times.roads import RoadGraph, RoadRoute, compile_roads, road_route

ROOT = Path(__file__).resolve().parents[2]
OBSERVED = ROOT / "data" / "observed"
TODAY = 2026
LOCAL_DETOUR = 1.3  # as in sim.times.roads.compile_roads
DATES = {2021: "2021-12-01"}  # the Zhoudai bridge opened on the 29th: rows of 2021 are from before it
OPENINGS = [
    # crossing, date before, date after, from, to, the minutes saved that were announced or stand in a timetable
    ("Hangzhou Bay Bridge", "2008-04-30", "2008-06-01", "ningbo", "shanghai", "about 120 announced"),
    ("Xiangshan Harbour Bridge", "2012-12-28", "2013-01-01", "ningbo", "xiangshan_dancheng", "about 60 in the press"),
    ("Zhoudai Bridge", "2021-12-28", "2022-01-01", "ningbo_south_coach", "daishan_coach", "50 in the coach timetable"),
    ("Jiashao Bridge", "2013-07-18", "2013-07-20", "shaoxing", "shanghai", "none at hand"),
]
MORE_PLACES = {"shaoxing": (120.580, 30.030)}

Place = tuple[float, float]


@cache
def read_inputs() -> tuple[Network, Grid]:
    """Return the network and the grid."""
    return read_network(ROOT / "networks" / "yrd"), read_grid(ROOT / "data" / "cells.tif")


@cache
def graph_of(date: str) -> RoadGraph:
    """Return the road graph of what is open on a date."""
    network, grid = read_inputs()
    now = network.as_of(pd.Timestamp(date))
    tables = (now.road_nodes, now.road_links, now.roads, now.road_points, now.ferries, now.road_classes)
    return compile_roads(grid, *tables)


def way_km(route: RoadRoute) -> float:
    """Return the length of a way; straight steps over the land grid count with the detour of local streets."""
    return sum(leg.km * (LOCAL_DETOUR if leg.kind == "local" else 1.0) for leg in route.legs)


def measure(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return ``pairs`` (from_lon, from_lat, to_lon, to_lat, year) with model_km and model_min of the fastest way."""
    found = []
    for row in pairs.itertuples():
        year = TODAY if pd.isna(row.year) else int(row.year)
        graph = graph_of(DATES.get(year, f"{year}-12-01"))
        try:
            route = road_route(graph, (row.from_lon, row.from_lat), (row.to_lon, row.to_lat))
            found.append((way_km(route), route.minutes))
        except (NoRouteError, InputError):
            found.append((float("inf"), float("inf")))
    return pairs.assign(model_km=[km for km, _ in found], model_min=[minutes for _, minutes in found])


def print_distances() -> None:
    """Print the errors of the distances by use, and the largest."""
    roads = measure(pd.read_csv(OBSERVED / "road_distances.csv"))
    roads["error"] = roads["model_km"] / roads["km"] - 1
    for use, part in roads.groupby("use"):
        size = part["error"].abs()
        print(
            f"distances, {use}: {len(part)} pairs, median error {part['error'].median():+.1%}, median absolute "
            f"{size.median():.1%}, within 5 %: {(size <= 0.05).mean():.0%}, largest {size.max():.1%}"
        )
    worst = roads.loc[roads["error"].abs().sort_values(ascending=False).index].head(20)
    print(worst[["from_id", "to_id", "use", "km", "model_km", "error"]].round(3).to_string())


def print_times() -> None:
    """Print the modelled rows of 2024 by use, and every row with a band as inside or outside."""
    times = measure(pd.read_csv(OBSERVED / "drive_times.csv").dropna(subset=["from_lon"]))
    times["error"] = times["model_min"] / ((times["low_min"] + times["high_min"]) / 2) - 1
    recent = times[(times["kind"] == "modelled") & (times["year"] == 2024)]
    for use, part in recent.groupby("use"):
        print(
            f"drive times of another model, 2024, {use}: {len(part)} rows, median error {part['error'].median():+.1%}, "
            f"median absolute {part['error'].abs().median():.1%}"
        )
    low, high = times["low_min"].fillna(times["km_low"]), times["high_min"].fillna(times["km_high"])
    value = times["model_min"].where(times["low_min"].notna(), times["model_km"])
    times["band"] = "outside"
    times.loc[value.between(low, high), "band"] = "inside"
    columns = ["check_id", "from_id", "to_id", "year", "kind", "use", "low_min", "high_min", "model_min", "model_km"]
    print(times[[*columns, "error", "band"]].round(2).to_string())


def print_openings() -> None:
    """Print the minutes that each opening saves, with one table of speeds."""
    times = pd.read_csv(OBSERVED / "drive_times.csv").dropna(subset=["from_lon"])
    places: dict[str, Place] = dict(MORE_PLACES)
    for end in ("from", "to"):
        places |= {r[0]: (r[1], r[2]) for r in times[[f"{end}_id", f"{end}_lon", f"{end}_lat"]].itertuples(index=False)}
    for name, before, after, start, end, known in OPENINGS:
        old, new = (road_route(graph_of(day), places[start], places[end]) for day in (before, after))
        print(
            f"{name}: {start}-{end} {old.minutes:.0f} -> {new.minutes:.0f} min, saved {old.minutes - new.minutes:.0f} "
            f"({known}); {old.km:.0f} -> {new.km:.0f} km"
        )


def main() -> None:
    """Print the comparison."""
    print_distances()
    print_times()
    print_openings()


if __name__ == "__main__":
    main()
