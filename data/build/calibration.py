"""Make networks/yrd/calibration.csv: the running-time supplement of every line, fitted to the timetables of 2016 and 2023.

    python data/build/calibration.py        (needs networks/yrd and data/observed/section_times_*.csv)

Prints the sections that fit worst and the supplements of the reference classes, which planned lines take. Neither
journeys from end to end nor announced or projected times are used in the fit; they are there to check it.
"""

from pathlib import Path

import pandas as pd

from sim.network.network import Network, read_network
from sim.times.calibration import calibrate, section_residuals
from sim.times.running_time import reference_supplements

ROOT = Path(__file__).resolve().parents[2]
# The day of the timetable, and what it is.
TIMETABLES = {
    2016: ("2016-03-16", "12306 timetable, trains of Wednesday 2016-03-16"),
    2023: ("2023-09-15", "12306 train list of September 2023, every listed train"),
}


def fit_year(network: Network, year: int) -> pd.DataFrame:
    """Return the rows of one timetable year and print how well they fit."""
    day, source = TIMETABLES[year]
    times = pd.read_csv(ROOT / "data" / "observed" / f"section_times_{year}.csv")
    fit = calibrate(network.as_of(day), times, year, source=source)
    missed = fit.sections["residual_min"].abs()
    print(
        f"{year}: {len(fit.sections)} of {len(times)} sections run by a service, {int(fit.sections['used'].sum())} used; "
        f"median error {missed.median():.2f} min, within 2 min {(missed <= 2).mean():.1%}"
    )
    print(section_residuals(fit).round(1).to_string(index=False))
    return fit.lines


def write_calibration() -> None:
    """Fit all timetables and write the table."""
    network = read_network(ROOT / "networks" / "yrd")
    table = pd.concat([fit_year(network, year) for year in TIMETABLES])
    table = table.sort_values(["line_id", "year"])
    table.to_csv(ROOT / "networks" / "yrd" / "calibration.csv", index=False, lineterminator="\n")
    print(reference_supplements(table, network.lines).round(1).to_string())


if __name__ == "__main__":
    write_calibration()
