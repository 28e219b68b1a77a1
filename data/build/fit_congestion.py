"""Print how the shares of the speed limit on motorways and country roads fit what is known, and which pair is chosen.

Run ``python data/build/fit_congestion.py`` (two minutes); nothing is written. Two numbers are fitted, in steps of 0.05: of
the pairs that meet both goals (nine in ten published distances within 5 %, median absolute error of the drive times with
``use = fit`` at most 8 %) the one that is neither too fast nor too slow, by the median error. The shares of cities are not
fitted: they follow from measured delays (data/observed/city_traffic.csv).
"""

from itertools import product
from pathlib import Path

import pandas as pd

import sim
from sim.measures.hindcast_roads import DISTANCE_GOAL, DRIVE_GOAL, RoadsByDate, compare_distances, compare_drives

ROOT = Path(__file__).resolve().parents[2]
OBSERVED = ROOT / "data" / "observed"
MOTORWAY = (0.8, 0.85, 0.9)
COUNTRY = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
NEWEST_MATRIX = 2024


def measure(roads: RoadsByDate, distances: pd.DataFrame, drives: pd.DataFrame) -> dict[str, float]:
    """Return the share of distances within 5 %, and median errors of drive times in per cent by use of the rows."""
    ways = compare_distances(distances, roads)
    times = compare_drives(drives, roads, pd.read_csv(ROOT / "scenarios" / "hindcast" / "road_cases.csv"))
    found = {"within": float((ways["within_5_percent"] == "yes").mean())}
    for use in ("fit", "check"):
        error = times.loc[times["use"] == use, "error_percent"]
        found |= {f"error_{use}": float(error.abs().median()), f"bias_{use}": float(error.median())}
    return found


def main() -> None:
    """Print the table and the choice."""
    study = sim.read_study(ROOT / "scenarios" / "hindcast")
    assumptions = max(study.scenarios.values(), key=lambda scenario: scenario.year).assumptions
    distances, drives = (pd.read_csv(OBSERVED / f"{name}.csv") for name in ("road_distances", "drive_times"))
    newest = drives[(drives["year"] == NEWEST_MATRIX) & (drives["kind"] == "modelled")]
    congestion, rows = study.network.congestion, []
    for motorway, country in product(MOTORWAY, COUNTRY):
        chosen = {"motorway": motorway, "trunk": country}
        shares = congestion["setting"].map(chosen).fillna(congestion["speed_share"])
        network = study.network.with_tables(congestion=congestion.assign(speed_share=shares))
        found = measure(RoadsByDate(network, study.region.grid, assumptions), distances, newest)
        rows.append({"motorway": motorway, "country": country} | found)
        print(" ".join(f"{name} {value:.3f}" for name, value in rows[-1].items()), flush=True)
    good = [
        row
        for row in rows
        if row["within"] >= DISTANCE_GOAL.share_within and row["error_fit"] <= 100 * DRIVE_GOAL.tolerance_share
    ]
    best = min(good, key=lambda row: abs(row["bias_fit"]))
    print(f"chosen: motorways {best['motorway']}, country roads {best['country']}")


if __name__ == "__main__":
    main()
