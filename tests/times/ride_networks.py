"""Networks for the tests of rides, written as services with their stops and minutes."""

from itertools import pairwise

import numpy as np
import pandas as pd

from sim.times.rides import Rides, solve_rides


def service(name, stops, run_min, *, trains, dwell_min=0.0, both="no", first=np.nan, last=np.nan, lines=None):
    return {
        "name": name,
        "stops": list(stops),
        "run_min": list(run_min),
        "trains": trains,
        "dwell_min": dwell_min,
        "both": both,
        "hours": (first, last),
        "lines": lines or ["line"] * len(run_min),
    }


def tables(services, changes=()):
    """The four tables that solve_rides takes."""
    rows = [(s["name"], s["trains"], s["both"], *s["hours"]) for s in services]
    columns = ["service_id", "trains_per_day", "both_directions", "first_departure", "last_departure"]
    stops = [(s["name"], i + 1, stop, s["dwell_min"]) for s in services for i, stop in enumerate(s["stops"])]
    hops = [
        (s["name"], i + 1, *ends, s["run_min"][i], s["lines"][i])
        for s in services
        for i, ends in enumerate(pairwise(s["stops"]))
    ]
    return (
        pd.DataFrame(rows, columns=columns),
        pd.DataFrame(stops, columns=["service_id", "sequence", "station_id", "dwell_min"]),
        pd.DataFrame(hops, columns=["service_id", "sequence", "from_id", "to_id", "run_min", "lines"]),
        pd.DataFrame(changes, columns=["from_station", "to_station", "minutes", "mode"]),
    )


def solve(services, changes=(), **assumptions) -> Rides:
    return solve_rides(*tables(services, changes), **({"wait_rule": "half_headway"} | assumptions))


def value(rides, name, from_id, to_id):
    return getattr(rides, name)[rides.station_ids.index(from_id), rides.station_ids.index(to_id)]
