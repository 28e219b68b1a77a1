"""Stage 4m: roads against what is known: distances, drive times, bands, and bridges before and after they opened.

Every row is asked of the roads as they were at the end of its year; a row without a year, of the newest roads. Rows from
before `FIRST_YEAR` are left out, for the opening dates of the roads are not known so far back.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sim.errors import InputError, SimError
from sim.measures.hindcast import Goal, check_columns
from sim.network.network import Network
from sim.region.grid import Grid
from sim.scenario.assumptions import Assumptions
from sim.times.roads import RoadGraph, RoadRoute, compile_roads, road_route

__all__ = [
    "DISTANCE_GOAL",
    "DRIVE_GOAL",
    "RoadsByDate",
    "compare_bands",
    "compare_cases",
    "compare_distances",
    "compare_drives",
    "gate_to_gate_min",
    "summarise_roads",
]

FIRST_YEAR = 2007
NEWEST_YEAR = 2025
DISTANCE_GOAL = Goal(tolerance_min=0.0, tolerance_share=0.05, median_min=float("inf"), share_within=0.90)
DRIVE_GOAL = Goal(tolerance_min=0.0, tolerance_share=0.08, median_min=float("inf"), share_within=0.5)
"""A median absolute error of at most so many per cent is half of the drives within it."""
PLACE_COLUMNS = ("from_id", "to_id", "from_lon", "from_lat", "to_lon", "to_lat", "source")
DRIVE_COLUMNS = (*PLACE_COLUMNS, "check_id", "mode", "low_min", "high_min", "km_low", "km_high", "use", "kind", "year")
CASE_COLUMNS = (
    "case_id", "name", "name_en", "from_lon", "from_lat", "to_lon", "to_lat", "before_date", "after_date",
    "before_check", "after_check", "before_low_min", "before_high_min", "after_low_min", "after_high_min",
    "saved_low_min", "saved_high_min", "mode", "source",
)  # fmt: skip


@dataclass(frozen=True)
class RoadsByDate:
    """Roads compiled as of a date, with the assumptions of one scenario; the latest few stay in memory."""

    network: Network
    grid: Grid
    assumptions: Assumptions
    _graphs: dict[str, RoadGraph] = field(default_factory=dict, repr=False, compare=False)

    def graph(self, date: str) -> RoadGraph:
        """Return the road graph as of a date, written 2013-12-31."""
        if date not in self._graphs:
            if len(self._graphs) > 1:
                self._graphs.clear()
            at, chosen = self.network.as_of(date), self.assumptions
            self._graphs[date] = compile_roads(
                self.grid,
                at.road_nodes,
                at.road_links,
                at.roads,
                at.road_points,
                at.ferries,
                at.road_classes,
                congestion=at.congestion,
                local_speed_kmh=chosen.local_speed_kmh,
                local_urban_speed_kmh=chosen.local_urban_speed_kmh,
                urban_density_per_km2=chosen.urban_density_per_km2,
                local_detour=chosen.local_detour,
                interchange_min=chosen.interchange_min,
                ferry_wait_cap_min=chosen.ferry_wait_cap_min,
                service_day_min=chosen.service_day_min,
            )
        return self._graphs[date]

    def route(self, row: "pd.Series[object]", date: str) -> RoadRoute | None:
        """Return the fastest way between the ends of a row as of a date, None where there is none or an end is at sea."""
        ends = [(float(row[f"{end}_lon"]), float(row[f"{end}_lat"])) for end in ("from", "to")]
        graph = self.graph(date)
        try:
            return road_route(graph, ends[0], ends[1])
        except SimError:
            return None

    def road_km(self, route: RoadRoute) -> float:
        """Return the length of a way in kilometres; straight steps over streets are lengthened by the detour."""
        detour = self.assumptions.local_detour
        return sum(leg.km * (detour if leg.kind == "local" else 1.0) for leg in route.legs)


def gate_to_gate_min(route: RoadRoute) -> float:
    """Return the minutes from the first to the last kilometre of motorway on a way, NaN where it uses none.

    Published drives mostly leave out the streets at both ends: "from the toll gate of one city to that of the other".
    """
    on_motorway = [row for row, leg in enumerate(route.legs) if leg.road_class.startswith("motorway")]
    if not on_motorway:
        return float("nan")
    return sum(leg.minutes for leg in route.legs[on_motorway[0] : on_motorway[-1] + 1])


def compare_distances(observed: pd.DataFrame, roads: RoadsByDate) -> pd.DataFrame:
    """Return the length of the model's fastest way beside road distances from a routing engine.

    Columns: from_id, to_id, observed_km, modelled_km, error_km, error_percent, within_5_percent, modelled_min, use
    (fit or check), source.
    """
    check_columns(observed, (*PLACE_COLUMNS, "km", "use", "year"), "road distances")
    rows = []
    for _, row in observed.iterrows():
        route = roads.route(row, _date_of(row["year"]))
        km = roads.road_km(route) if route else np.nan
        error = km - row["km"]
        rows.append(
            {
                "from_id": row["from_id"],
                "to_id": row["to_id"],
                "observed_km": float(row["km"]),
                "modelled_km": km,
                "error_km": error,
                "error_percent": 100.0 * error / row["km"],
                "within_5_percent": "yes" if abs(error) <= DISTANCE_GOAL.tolerance_share * row["km"] else "no",
                "modelled_min": route.minutes if route else np.nan,
                "use": row["use"],
                "source": row["source"],
            }
        )
    return pd.DataFrame(rows)


def compare_drives(observed: pd.DataFrame, roads: RoadsByDate, cases: pd.DataFrame) -> pd.DataFrame:
    """Return the model's minutes beside every drive time with ends on the map, from `FIRST_YEAR` on.

    Columns: check_id, from_id, to_id, mode, use (fit or check), kind (modelled, claimed, observed), year, date (of the
    roads), observed_min (middle of the band), low_min, high_min, modelled_min (door to door), error_min, error_percent,
    gate_to_gate_min (see `gate_to_gate_min`), km_low, km_high, modelled_km,
    source. Rows named in a before-and-after case take that case's date.
    """
    check_columns(observed, DRIVE_COLUMNS, "drive times")
    dates = _dates_of_checks(cases)
    chosen = observed[observed["from_lon"].notna() & ~(observed["year"] < FIRST_YEAR)]
    rows = []
    for _, row in chosen.sort_values("year", kind="stable").iterrows():
        date = dates.get(row["check_id"], _date_of(row["year"]))
        route = roads.route(row, date)
        minutes = route.minutes if route else np.nan
        middle = (row["low_min"] + row["high_min"]) / 2.0
        rows.append(
            {
                **{name: row[name] for name in ("check_id", "from_id", "to_id", "mode", "use", "kind", "year")},
                "date": date,
                "observed_min": middle,
                "low_min": row["low_min"],
                "high_min": row["high_min"],
                "modelled_min": minutes,
                "error_min": minutes - middle,
                "error_percent": 100.0 * (minutes - middle) / middle,
                "gate_to_gate_min": gate_to_gate_min(route) if route else np.nan,
                "km_low": row["km_low"],
                "km_high": row["km_high"],
                "modelled_km": roads.road_km(route) if route else np.nan,
                "source": row["source"],
            }
        )
    return pd.DataFrame(rows)


def compare_bands(drives: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `compare_drives` that state a band, inside or outside it, and by how much.

    A band is a row with a check_id, or one whose low and high differ. Columns: check_id, from_id, to_id, mode, use, date,
    quantity (min or km), low, high, modelled (door to door), verdict (inside, outside), outside_by, gate_to_gate and
    gate_to_gate_verdict (the same band asked of the minutes between the motorways' ends; empty for km), source.
    """
    rows = []
    for row in drives.to_dict("records"):
        for quantity, low, high, modelled in (
            ("min", row["low_min"], row["high_min"], row["modelled_min"]),
            ("km", row["km_low"], row["km_high"], row["modelled_km"]),
        ):
            is_band = pd.notna(low) and (low < high or pd.notna(row["check_id"]))
            if not is_band:
                continue
            inside = low <= modelled <= high
            gates = row["gate_to_gate_min"] if quantity == "min" else np.nan
            between = "" if pd.isna(gates) else "inside" if low <= gates <= high else "outside"
            rows.append(
                {
                    **{name: row[name] for name in ("check_id", "from_id", "to_id", "mode", "use", "date")},
                    "quantity": quantity,
                    "low": low,
                    "high": high,
                    "modelled": modelled,
                    "verdict": "inside" if inside else "outside",
                    "outside_by": 0.0 if inside else modelled - (high if modelled > high else low),
                    "gate_to_gate": gates,
                    "gate_to_gate_verdict": between,
                    "source": row["source"],
                }
            )
    return pd.DataFrame(rows)


def compare_cases(cases: pd.DataFrame, roads: RoadsByDate) -> pd.DataFrame:
    """Return the minutes of one pair before and after a bridge opened, with one and the same table of speeds.

    Columns: case_id, name, name_en, from_id, to_id, before_date, after_date, before_min, after_min, saved_min, before_km,
    after_km, saved_km, the observed bands, before_verdict, after_verdict, saved_verdict (inside, outside, no figure),
    after_uses (names of the bridges and motorways on the new way), mode, source.
    """
    check_columns(cases, CASE_COLUMNS, "road cases")
    rows = []
    for _, case in cases.iterrows():
        before, after = (roads.route(case, str(case[f"{when}_date"])) for when in ("before", "after"))
        if before is None or after is None:
            raise InputError(f"road_cases.csv '{case['case_id']}': no way between its ends on one of the two dates")
        minutes = {"before": before.minutes, "after": after.minutes, "saved": before.minutes - after.minutes}
        km = {"before_km": roads.road_km(before), "after_km": roads.road_km(after)}
        bands = {f"{when}_{end}_min": case[f"{when}_{end}_min"] for when in minutes for end in ("low", "high")}
        rows.append(
            {
                **{name: case[name] for name in ("case_id", "name", "name_en", "from_id", "to_id")},
                **{name: case[name] for name in ("before_date", "after_date")},
                **{f"{when}_min": value for when, value in minutes.items()},
                **km,
                "saved_km": km["before_km"] - km["after_km"],
                **bands,
                **{f"{when}_verdict": _verdict(value, case, when) for when, value in minutes.items()},
                "after_uses": "; ".join(dict.fromkeys(leg.name for leg in after.legs if leg.name)),
                "mode": case["mode"],
                "source": case["source"],
            }
        )
    return pd.DataFrame(rows)


def summarise_roads(distances: pd.DataFrame, drives: pd.DataFrame, bands: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that the goals are about: test, n, median_abs_error_percent, share_within, goal, goal_met."""
    rows = []
    lengths = {"road distances": distances}
    lengths |= {f"road distances, used to {use}": of_use for use, of_use in distances.groupby("use")}
    for test, part in lengths.items():
        within = float((part["within_5_percent"] == "yes").mean())
        rows.append(
            {
                "test": test,
                "n": len(part),
                "median_error_percent": float(part["error_percent"].median()),
                "median_abs_error_percent": float(part["error_percent"].abs().median()),
                "share_within": within,
                "goal": "90 % within 5 %",
                "goal_met": "yes" if within >= DISTANCE_GOAL.share_within else "no",
            }
        )
    timed = drives[drives["observed_min"].notna() & drives["modelled_min"].notna()]
    newest = timed[(timed["kind"] == "modelled") & (timed["year"] >= NEWEST_YEAR - 1)]
    parts = {"drive times, newest matrix": newest, "drive times, all rows": timed}
    parts |= {f"drive times, used to {use}": of_use for use, of_use in timed.groupby("use")}
    for test, part in parts.items():
        share = float(part["error_percent"].abs().median())
        rows.append(
            {
                "test": test,
                "n": len(part),
                "median_error_percent": float(part["error_percent"].median()),
                "median_abs_error_percent": share,
                "share_within": float((part["error_percent"].abs() <= 100 * DRIVE_GOAL.tolerance_share).mean()),
                "goal": "median absolute error at most 8 %",
                "goal_met": "yes" if share <= 100 * DRIVE_GOAL.tolerance_share else "no",
            }
        )
    timed_bands = bands[bands["quantity"] == "min"]
    for test, part, verdict in (
        ("bands", bands, "verdict"),
        ("bands of minutes, gate to gate", timed_bands, "gate_to_gate_verdict"),
    ):
        inside = float((part[verdict] == "inside").mean())
        rows.append({"test": test, "n": len(part), "share_within": inside, "goal": "", "goal_met": ""})
    return pd.DataFrame(rows)


def _date_of(year: object) -> str:
    return f"{NEWEST_YEAR if pd.isna(year) else int(year)}-12-31"  # type: ignore[call-overload]


def _dates_of_checks(cases: pd.DataFrame) -> dict[str, str]:
    """Return the date of the roads for every check that belongs to a before-and-after case."""
    found: dict[str, str] = {}
    for when in ("before", "after"):
        named = cases[cases[f"{when}_check"].notna()]
        found |= dict(zip(named[f"{when}_check"], named[f"{when}_date"], strict=True))
    return found


def _verdict(value: float, case: "pd.Series[object]", when: str) -> str:
    low, high = case[f"{when}_low_min"], case[f"{when}_high_min"]
    if pd.isna(low):
        return "no figure"
    return "inside" if low <= value <= high else "outside"
