"""Compare past years with what was observed. Copy this file, change what you like: python scenarios/hindcast/run.py."""

from pathlib import Path

import pandas as pd

import sim
from sim.commands.hindcast import write_hindcast

here = Path(__file__).parent
study = sim.read_study(here)
plans = sim.read_study(here.parent / "circles")  # the project cards of the planned lines

folder = write_hindcast(study, plans, Path("outputs"), report=print)

print(
    pd.read_csv(folder / "rail_summary.csv").query("scope == 'main stations' and group == 'all'").to_string(index=False)
)
print(pd.read_csv(folder / "before_after.csv")[["name", "before_min", "after_min", "saved_min"]].to_string(index=False))

# A question a planner asks next: what opened between two years, and whom did it bring nearer?
before, after = (study.city_times(f"year_{year}").set_index(["from_id", "to_id"])["best_min"] for year in (2012, 2013))
print((before - after).loc["ningbo"].sort_values(ascending=False).head(10).round(1))
