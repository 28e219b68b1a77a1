"""Stage 7c, roads: what `sim hindcast` writes about distances, drive times, bands, bridges and the way to the station."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sim.measures.city_speeds import compare_city_speeds
from sim.measures.hindcast_roads import (
    DISTANCE_GOAL,
    DRIVE_GOAL,
    RoadsByDate,
    compare_bands,
    compare_cases,
    compare_drives,
    summarise_roads,
)
from sim.measures.road_engine import add_reasons, compare_ways
from sim.measures.station_access import day_share_of_delay, judge_station_access, roads_in_peak
from sim.present.charts import Comparison, plot_comparisons
from sim.present.figures import save_figure
from sim.present.outputs import write_table
from sim.study import Study

__all__ = ["write_roads"]

STATION_ACCESS_DATE = "2019-12-31"
CITY_SPEED_DATE = "2020-12-31"
"""The year of the study of station access."""
# Ends of observed drives that are no places of the region, by name.
ENDS_WITHOUT_PLACE = {
    "wugongzhi_pier": "蜈蚣峙码头",
    "hangzhou_bay_bridge_north": "杭州湾大桥北岸",
    "hangzhou_bay_bridge_south": "杭州湾大桥南岸",
    "shanghai_xinzhuang": "上海莘庄",
    "ningbo_south_coach": "宁波汽车南站",
    "daishan_coach": "岱山客运站",
    "xiangshan_dancheng": "象山丹城",
}
ROAD_NOTE = (
    "距离：OSRM 在 OpenStreetMap 上的最快路径；时间：Ma 与 Tang (2024) 按设计车速的模型值、公布值与班车时刻，多数不是实测。 "
    "Distances: fastest way of OSRM on OpenStreetMap. Times: modelled from design speeds (Ma and Tang 2024), claims and coach "
    "timetables; few are measured. © OpenStreetMap contributors (ODbL)."
)


def write_roads(study: Study, observed: Mapping[str, pd.DataFrame], cases: pd.DataFrame, folder: Path) -> None:
    """Write the tables and the chart of the roads: distances, drive times, bands, bridges, minutes to the station.

    Parameters
    ----------
    observed : the tables of data/observed/ by name.
    cases : bridges before and after they opened, road_cases.csv of the study.
    """
    newest = max(study.scenarios.values(), key=lambda scenario: scenario.year)
    roads = RoadsByDate(study.network, study.region.grid, newest.assumptions)
    distances = compare_ways(observed["road_distances"], roads)
    drives = compare_drives(observed["drive_times"], roads, cases)
    distances, bands = add_reasons(distances, compare_bands(drives), observed["road_reasons"])
    summary = summarise_roads(distances, drives, bands)
    stations, access = judge_station_access(
        study.region, roads, observed["station_access"], observed["city_traffic"], STATION_ACCESS_DATE
    )
    in_peak = roads_in_peak(roads, day_share_of_delay(observed["city_traffic"]))
    for name, table in (
        ("road_distances", distances),
        ("drive_times", drives),
        ("bands", bands),
        ("before_after", compare_cases(cases, roads)),
        ("road_summary", summary),
        ("station_access", access),
        ("station_access_by_station", stations),
        ("city_speeds", compare_city_speeds(observed["city_traffic"], study.region, in_peak, CITY_SPEED_DATE)),
    ):
        write_table(table, folder / f"{name}.csv")
    names = pd.concat([study.region.places.set_index("place_id")["name"], pd.Series(ENDS_WITHOUT_PLACE)])
    save_figure(_road_figure(distances, drives, summary, names), folder / "charts" / "roads")


def _road_figure(
    distances: pd.DataFrame, drives: pd.DataFrame, summary: pd.DataFrame, names: "pd.Series[str]"
) -> Figure:
    found = summary.set_index("test")
    share = 100 * float(found.loc["road distances", "share_within"])
    error = float(found.loc["drive times, newest matrix", "median_abs_error_percent"])
    panels = [
        Comparison(
            f"道路距离：{share:.0f} % 在 5 % 以内",
            f"road distances: {share:.0f} % within 5 %",
            _panel(distances, "observed_km", "modelled_km", names, main=pd.Series(data=True, index=distances.index)),
            DISTANCE_GOAL,
            unit="公里",
            unit_en="km",
            quantity="道路距离",
            quantity_en="road distance",
        ),
        Comparison(
            f"驾车时间：2024 年矩阵的中位绝对误差 {error:.1f} %",
            f"drive times: median absolute error {error:.1f} % against the matrix of 2024",
            _panel(drives, "observed_min", "modelled_min", names, main=drives["kind"] == "modelled"),
            DRIVE_GOAL,
            quantity="驾车时间",
            quantity_en="drive time",
        ),
    ]
    strong, light = ("OSRM 距离、设计车速模型", "OSRM, design-speed matrix"), ("公布值与班车", "claims and coaches")
    return plot_comparisons(panels, note=ROAD_NOTE, strong=strong, light=light)


def _panel(
    frame: pd.DataFrame, observed: str, modelled: str, names: "pd.Series[str]", *, main: "pd.Series[bool]"
) -> pd.DataFrame:
    label = (
        frame["from_id"].map(names).fillna(frame["from_id"]) + "—" + frame["to_id"].map(names).fillna(frame["to_id"])
    )
    group = main.map({True: "main", False: "other"})
    return pd.DataFrame({"observed": frame[observed], "modelled": frame[modelled], "group": group, "label": label})
