"""Stage 5e: what is modelled against what was observed, of trains and of roads, from the tables of the hindcast."""

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from sim.measures.hindcast import FASTEST_GOAL, TYPICAL_GOAL
from sim.measures.hindcast_roads import DISTANCE_GOAL, DRIVE_GOAL
from sim.present.charts import Comparison, plot_comparisons
from sim.present.report.data import ReportData
from sim.present.report.findings import name_place, name_station
from sim.present.report.picture_jobs import PictureJob
from sim.present.report.sentences import Sentences

__all__ = ["list_trust_jobs"]

PANEL_INCHES = (3.35, 5.2)
"""Two of them are as wide as the other sheets of the report."""


def list_trust_jobs(data: ReportData) -> Iterator[PictureJob]:
    """Yield the charts of observed and modelled minutes; none where `sim hindcast` has not been run."""
    trains, distances, drives = (data.table(name) for name in ("rail_2016", "road_distances", "drive_times"))
    if trains is not None:
        yield PictureJob(
            "observed_rail",
            "C13_observed_trains",
            "列车：模型与2016年时刻表（样本内）",
            "Trains: modelled against the timetable of 2016 (in sample)",
            partial(_draw_trains, data, trains),
        )
    if distances is not None and drives is not None:
        yield PictureJob(
            "observed_roads",
            "C14_observed_roads",
            "道路：模型与观测的距离和驾车时间",
            "Roads: modelled against observed distances and drive times",
            partial(_draw_roads, data, distances, drives),
        )


def _draw_trains(data: ReportData, pairs: pd.DataFrame) -> Figure:
    sentences = Sentences(data.choices.language)
    names = {
        station: name_station(data, sentences, station)
        for station in pd.unique(pairs[["from_id", "to_id"]].to_numpy().ravel())
    }
    label = pairs["from_id"].map(names) + "–" + pairs["to_id"].map(names)
    group = pairs["both_main"].map({"yes": "main", "no": "other"})
    panels = []
    for observed, modelled, goal, words in (
        ("observed_fastest_min", "modelled_fastest_min", FASTEST_GOAL, ("最快车次", "fastest train")),
        ("observed_median_min", "modelled_typical_min", TYPICAL_GOAL, ("期望乘车时间", "expected ride")),
    ):
        error = (pairs[modelled] - pairs[observed]).abs().median()
        frame = pd.DataFrame({"observed": pairs[observed], "modelled": pairs[modelled], "group": group, "label": label})
        panels.append(
            Comparison(
                f"{words[0]}：中位绝对误差{error:.1f}分钟",
                f"{words[1].capitalize()}: median absolute error {error:.1f} min",
                frame,
                goal,
            )
        )
    note = {
        "zh": "观测：2016年3月16日有直达列车的车站对。运行裕量在同一时刻表上标定，故为样本内；样本外检验见本章表。",
        "en": "Observed: pairs of stations with direct trains on 16 March 2016. Supplements are fitted on the same "
        "timetable, so this is in sample; for the tests out of sample see the table of this chapter.",
    }
    return plot_comparisons(
        panels,
        note=note[data.choices.language],
        strong=("两端均为主要站", "both main stations"),
        light=("其他车站", "other stations"),
        language=data.choices.language,
        panel_inches=PANEL_INCHES,
    )


def _draw_roads(data: ReportData, distances: pd.DataFrame, drives: pd.DataFrame) -> Figure:
    within = (distances["modelled_km"] / distances["observed_km"] - 1.0).abs().le(DISTANCE_GOAL.tolerance_share).mean()
    errors = (drives["modelled_min"] / drives["observed_min"] - 1.0).abs().dropna()
    error, n_drives = errors.median(), len(errors)
    panels = [
        Comparison(
            f"道路距离：{within:.0%}在5%以内",
            f"Road distances: {within:.0%} within 5 %",
            _frame(data, distances, "observed_km", "modelled_km", distances["use"] == "check"),
            DISTANCE_GOAL,
            unit="公里",
            unit_en="km",
            quantity="道路距离",
            quantity_en="road distance",
        ),
        Comparison(
            f"驾车时间（全部{n_drives}条）：中位绝对误差{error:.0%}",
            f"Drive times, all {n_drives}: median absolute error {error:.0%}",
            _frame(data, drives, "observed_min", "modelled_min", drives["use"] == "check"),
            DRIVE_GOAL,
            quantity="驾车时间",
            quantity_en="drive time",
        ),
    ]
    note = {
        "zh": "距离：OpenStreetMap上最快路径；时间：另一模型的值、公布值与班车时刻，多数不是实测。",
        "en": "Distances: fastest way on OpenStreetMap. Times: another model's, claims and coach timetables; few are "
        "measured. © OpenStreetMap contributors (ODbL).",
    }
    return plot_comparisons(
        panels,
        note=note[data.choices.language],
        strong=("只作检验", "checked only"),
        light=("用于标定", "used to fit"),
        language=data.choices.language,
        panel_inches=PANEL_INCHES,
    )


def _frame(
    data: ReportData, table: pd.DataFrame, observed: str, modelled: str, is_check: "pd.Series[bool]"
) -> pd.DataFrame:
    """Return what a panel shows; ends that are no places of the region go unnamed."""
    sentences = Sentences(data.choices.language)
    known = table["from_id"].isin(data.place_names) & table["to_id"].isin(data.place_names)
    label = [
        f"{name_place(data, sentences, one)}–{name_place(data, sentences, other)}" if is_known else ""
        for one, other, is_known in zip(table["from_id"], table["to_id"], known, strict=True)
    ]
    group = is_check.map({True: "main", False: "other"})
    return pd.DataFrame({"observed": table[observed], "modelled": table[modelled], "group": group, "label": label})
