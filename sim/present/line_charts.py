"""Last stage, the time-space diagram of a corridor: where each train is when, where it stops, and who overtakes whom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from sim.errors import InputError
from sim.measures.line_runs import run_line
from sim.measures.result import Result
from sim.present.chart_sheet import ChartText, Margins, make_chart, quiet_axes
from sim.present.key import fit_size_pt
from sim.present.lettering import map_style
from sim.present.style import SERIES_LOOKS

__all__ = [
    "TRAIN_COLUMNS",
    "Corridor",
    "draw_string_lines",
    "find_corridor",
    "list_corridor_stations",
    "list_corridor_trains",
]

TRAIN_COLUMNS = ("service_id", "train", "calls_between", "station_id", "arrive_min", "depart_min")
SERVICE_DAY_MIN = 16.0 * 60.0
"""From the first train to the last."""
LEAST_GAP_SHARE = 0.03
"""Of the corridor: stations closer than this share one name."""


@dataclass(frozen=True)
class Corridor:
    """The way of one train between two cities.

    Attributes
    ----------
    lines, stops : in the order of travel; the first and last stop are its ends.
    minutes : from end to end, with the dwells between.
    """

    service_id: str
    train_class: str
    lines: tuple[str, ...]
    stops: tuple[str, ...]
    minutes: float


def find_corridor(result: Result, from_id: str, to_id: str) -> Corridor | None:
    """Return the way of the fastest train that runs from one city to another without a change; None where none does.

    Ends are the main stations of the cities, any of their stations where a city has no main one.
    """
    services = result.network.services.set_index("service_id")
    cities = _cities_of_main_stations(result.network.stations)
    dwells = result.network.service_stops.set_index(["service_id", "station_id"])["dwell_min"].fillna(0.0)
    found: Corridor | None = None
    for service_id, hops in result.hops.groupby("service_id", sort=True):
        ordered = hops.sort_values("sequence", kind="stable")
        calls = [str(ordered["from_id"].iloc[0]), *map(str, ordered["to_id"])]
        ends = [[place for place, call in enumerate(calls) if cities.get(call) == city] for city in (from_id, to_id)]
        row = services.loc[service_id]
        for start in ends[0]:
            for end in ends[1]:
                if start > end and row["both_directions"] != "yes":
                    continue
                low, high = min(start, end), max(start, end)
                way = ordered.iloc[low:high]
                standing = sum(float(dwells.get((service_id, call), 0.0)) for call in calls[low + 1 : high])
                minutes = float(way["run_min"].sum()) + standing
                if found is None or minutes < found.minutes:
                    led = [line for lines in way["lines"] for line in str(lines).split(";")]
                    stops = calls[low : high + 1]
                    if start > end:
                        led, stops = led[::-1], stops[::-1]
                    lines = tuple(dict.fromkeys(led))
                    found = Corridor(str(service_id), str(row["train_class"]), lines, tuple(stops), minutes)
    return found


def _cities_of_main_stations(stations: pd.DataFrame) -> "pd.Series[str]":
    """Return the city of each station that counts as an end."""
    has_main = stations.groupby("city_id")["rank"].transform(lambda ranks: (ranks == "main").any())
    chosen = stations[(stations["rank"] == "main") | ~has_main.astype(bool)]
    return chosen.set_index("station_id")["city_id"]


def list_corridor_stations(
    result: Result, lines: Sequence[str], ends: tuple[str, str], *, train_class: str = "CR400"
) -> pd.DataFrame:
    """Return the stations along lines between two ends: station_id, name, name_en, km from the first."""
    passings = run_line(result.network, lines, train_class, list(ends)).passings
    return passings[["station_id", "name", "name_en", "km"]]


def list_corridor_trains(
    result: Result, stations: pd.DataFrame, lines: Sequence[str], *, upto_min: float = 120.0
) -> pd.DataFrame:
    """Return trains over a corridor as if each service left at even intervals, columns `TRAIN_COLUMNS`.

    The model knows trains a day, not departures: the diagram shows how many trains of which running time share a line,
    not a timetable.

    Parameters
    ----------
    stations
        From `list_corridor_stations`; services that call at two or more of them in this order are shown.
    lines
        Of the corridor: a service that goes another way between its calls is left out.
    upto_min
        How much time is shown.
    """
    order = {station: position for position, station in enumerate(stations["station_id"])}
    per_day = result.network.services.set_index("service_id")["trains_per_day"]
    both_ways = result.network.services.set_index("service_id")["both_directions"]
    stops = result.network.service_stops.sort_values(["service_id", "sequence"], kind="stable")
    hops = {str(key): part for key, part in result.hops.groupby("service_id", sort=False)}
    rows: list[tuple[object, ...]] = []
    for service_id, called in stops.groupby("service_id", sort=False):
        ride = _time_of(called, hops.get(str(service_id)))
        if ride is None:
            continue
        ways = [ride, _turn(ride)] if both_ways[str(service_id)] == "yes" else [ride]
        for part in (part for way in ways for part in _parts_on_corridor(way, order, set(lines))):
            rows += _repeat(str(service_id), part, float(per_day[str(service_id)]), upto_min)
    return pd.DataFrame(rows, columns=list(TRAIN_COLUMNS))


def _turn(ride: pd.DataFrame) -> pd.DataFrame:
    """Return the way back of a ride, in as many minutes, over the same lines."""
    end = float(ride["depart_min"].iloc[-1])
    led = [*ride["lines"].iloc[1:], ""][::-1]
    turned = ride.iloc[::-1].reset_index(drop=True)
    return turned.assign(arrive_min=end - turned["depart_min"], depart_min=end - turned["arrive_min"], lines=led)


def _parts_on_corridor(ride: pd.DataFrame, order: dict[str, int], lines: set[str]) -> list[pd.DataFrame]:
    """Return the stretches of a ride of two calls and more that stay on the corridor, in its direction.

    Where a train joins or leaves the corridor, only the side of its call that is on it counts: it begins when it departs
    and ends when it arrives.
    """
    place = ride["station_id"].map(order)
    goes_on = place.diff().gt(0) & ride["lines"].map(lambda led: set(led.split(";")) <= lines)
    stretches = ride[place.notna()].groupby((~goes_on).cumsum(), sort=False)
    return [_cut_ends(part) for _, part in stretches if len(part) >= 2]


def _cut_ends(part: pd.DataFrame) -> pd.DataFrame:
    """Return a stretch without the dwells at its first and last call."""
    arrive, depart = (part[name].to_numpy(dtype=float).copy() for name in ("arrive_min", "depart_min"))
    arrive[0], depart[-1] = depart[0], arrive[-1]
    return part.assign(arrive_min=arrive, depart_min=depart)


def _time_of(called: pd.DataFrame, hops: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the calls of a service with arrive_min, depart_min and the lines that led there; None without its hops."""
    if hops is None or len(hops) < len(called) - 1:
        return None
    hops = hops.iloc[: len(called) - 1]
    dwells = called["dwell_min"].fillna(0.0).to_numpy(dtype=float).copy()
    before = np.r_[0.0, dwells[1:-1]]
    arrive = np.r_[0.0, np.cumsum(hops["run_min"].to_numpy(dtype=float) + before)]
    # Passing through a terminal takes no time of the train.
    dwells[[0, -1]] = 0.0
    return called.assign(arrive_min=arrive, depart_min=arrive + dwells, lines=["", *map(str, hops["lines"])])


def _repeat(service_id: str, ride: pd.DataFrame, trains_per_day: float, upto_min: float) -> list[tuple[object, ...]]:
    """Return the rows of all trains of a service that are on the corridor in the time shown."""
    if trains_per_day <= 0.0:
        return []
    headway = SERVICE_DAY_MIN / trains_per_day
    arrive, depart = (
        ride[name].to_numpy(dtype=float) - float(ride["depart_min"].iloc[0]) for name in ("arrive_min", "depart_min")
    )
    # A fixed offset for each service keeps trains apart; it depends on the name only, so the picture stays the same.
    offset = headway * (sum(service_id.encode()) % 97) / 97.0
    first = -int(np.ceil((offset + arrive[-1]) / headway))
    starts = [offset + number * headway for number in range(first, int((upto_min - offset) // headway) + 1)]
    return [
        (service_id, f"{service_id}/{number}", len(ride) - 2, station, start + one, start + two)
        for number, start in enumerate(starts)
        for station, one, two in zip(ride["station_id"], arrive, depart, strict=True)
    ]


def draw_string_lines(
    stations: pd.DataFrame, trains: pd.DataFrame, *, text: ChartText, upto_min: float = 120.0
) -> Figure:
    """Return the time-space diagram of a corridor: minutes to the right, stations by their kilometres upwards.

    Parameters
    ----------
    stations
        Columns station_id, name, name_en, km along the corridor.
    trains
        Columns `TRAIN_COLUMNS`; a train is drawn between the stations at which it calls, by its number of calls.

    Raises
    ------
    InputError
        If no train runs there.
    """
    if trains.empty:
        raise InputError("trains: no service calls at two of these stations over these lines")
    margins = Margins(left_mm=34.0, right_mm=5.0, top_mm=12.0)
    with map_style():
        sheet = make_chart(text, height_mm=118.0, margins=margins, names=(*stations["name"], *stations["name_en"]))
        ax = sheet.ax
        patterns = sorted(trains["calls_between"].unique())
        looks = {one: SERIES_LOOKS[(4 + place) % len(SERIES_LOOKS)] for place, one in enumerate(patterns)}
        place_km = stations.set_index("station_id")["km"]
        for _, ride in trains.groupby("train", sort=False):
            km = place_km.reindex(ride["station_id"]).to_numpy(dtype=float)
            minutes = ride[["arrive_min", "depart_min"]].to_numpy(dtype=float)
            _draw_train(ax, km, minutes, looks[ride["calls_between"].iloc[0]])
        _draw_frame(ax, stations, text, upto_min)
        handles = [
            Line2D(
                [],
                [],
                color=colour,
                linewidth=width_pt,
                linestyle=(0, dashes) if dashes else "-",
                label=_name(one, text),
            )
            for one, (colour, dashes, width_pt) in looks.items()
        ]
        ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, fontsize=6.0)
    return sheet.figure


def _draw_train(
    ax: Axes, km: NDArray[np.float64], minutes: NDArray[np.float64], look: tuple[str, tuple[float, ...] | None, float]
) -> None:
    colour, dashes, width_pt = look
    style = (0, dashes) if dashes else "-"
    ax.plot(
        minutes.ravel(),
        np.repeat(km, 2),
        color=colour,
        linewidth=0.75 * width_pt,
        linestyle=style,
        zorder=3,
        gid="train",
    )
    ax.plot(minutes[:, 0], km, linestyle="none", marker="o", markersize=1.8, color=colour, zorder=4, gid="calls")


def _draw_frame(ax: Axes, stations: pd.DataFrame, text: ChartText, upto_min: float) -> None:
    """Name the stations beside their kilometres; where two stand closer than their names, the later goes unnamed."""
    km = stations["km"].to_numpy(dtype=float)
    ax.set(xlim=(0.0, upto_min), ylim=(float(km.min()), float(km.max())))
    ax.set_yticks(km, [""] * len(km))
    named = -np.inf
    for name, name_en, place in zip(stations["name"], stations["name_en"], km, strict=True):
        if place - named < LEAST_GAP_SHARE * float(np.ptp(km)):
            continue
        named = place
        words = f"{text.say(str(name), str(name_en))}  {place:.0f}"
        ax.annotate(
            words,
            (0.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(-5, 0),
            textcoords="offset points",
            fontsize=fit_size_pt(words, 6.2, 31.0),
            ha="right",
            va="center_baseline",
        )
    ax.grid(color="#d9dee2", linewidth=0.4, zorder=0)
    ax.set_xticks(np.arange(0.0, upto_min + 1.0, 15.0))
    ax.set_xlabel(
        text.say("分钟（示意：各车次均匀发车，非时刻表）", "minutes (sketch at even intervals, not a timetable)")
    )
    quiet_axes(ax)
    heading = text.say("车站，公里", "station, km")
    ax.annotate(
        heading,
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(-5, 8),
        textcoords="offset points",
        fontsize=6.0,
        ha="right",
    )


def _name(calls: int, text: ChartText) -> str:
    if calls == 0:
        return text.say("中途不停", "no stop on the way")
    return text.say(f"中途停 {calls} 站", f"{calls} stop{'s' if calls > 1 else ''} on the way")
