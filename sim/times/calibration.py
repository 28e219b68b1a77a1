"""Fit the running-time supplement of every line to a timetable, and show what is left over.

One number a line. The scheduled time of a section is the median of the trains that run it without a stop in between, and
its technical time that of the median train: a stopping pattern stands for its ordinary train, and a journey of many
sections takes the ordinary time on each of them. Fitted to the fastest train of every section instead, journeys over
200 km came out too fast, because no one train is the fastest everywhere.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError, NoRouteError
from sim.network.network import Network
from sim.times.line_paths import STOP_THROAT_KMH
from sim.times.running_time import HopModel, HopTime, service_hops

__all__ = [
    "CALIBRATION_COLUMNS",
    "Calibration",
    "calibrate",
    "fit_supplements",
    "section_residuals",
    "technical_sections",
]

CALIBRATION_COLUMNS = [
    "line_id",
    "year",
    "n_sections",
    "technical_min",
    "scheduled_min",
    "supplement_percent",
    "residual_min",
    "source",
]
FEWEST_TRAINS = 2  # a section run by a single train shows that train, not the line
SMALLEST_SHARE = 0.3  # a line that is nowhere 30 % of a section's time cannot be told from its neighbours
OUTLIER_SCALE = 3.5  # standard deviations (from the median absolute deviation) beyond which a section is left out
ROUNDS = 4  # of fitting and leaving out
MAD_TO_DEVIATION = 1.4826  # of a normal distribution


@dataclass(frozen=True)
class Calibration:
    """Supplements fitted to one timetable.

    `lines` has the columns of `calibration.csv`; `sections` one row a section: `from_id`, `to_id`, `lines`,
    `train_class`, `km`, `technical_min`, `n_trains`, `scheduled_min`, `modelled_min`, `used` for the fit or not, and
    `residual_min` (scheduled minus modelled).
    """

    lines: pd.DataFrame
    sections: pd.DataFrame


def calibrate(
    network: Network,
    section_times: pd.DataFrame,
    year: int,
    *,
    source: str = "",
    stop_throat_kmh: float = STOP_THROAT_KMH,
) -> Calibration:
    """Return the running-time supplements of the lines of `network` as a timetable has them.

    Parameters
    ----------
    network
        The network as of the timetable's date; its services say over which lines and with which train classes a
        section is run.
    section_times
        One row a stop-to-stop section: `from_id`, `to_id`, `median_min` and `n_trains`. Sections that no service of
        the network runs are left out, and so are those of a single train and those far off the rest (3.5 standard
        deviations of the residual over the root of the time).
    year
        Timetable year, for the table.
    source
        Of the timetable, for the table.
    stop_throat_kmh
        As in `hop_times`.

    Raises
    ------
    InputError
        If a section stands there twice, or none is run by a service of the network.
    """
    twice = section_times[section_times.duplicated(["from_id", "to_id"])]
    if not twice.empty:
        pairs = twice[["from_id", "to_id"]].itertuples(index=False, name=None)
        raise InputError([f"section_times: {from_id} to {to_id} stands there twice" for from_id, to_id in pairs])
    hops = technical_sections(network, stop_throat_kmh=stop_throat_kmh)
    observed = section_times.rename(columns={"median_min": "scheduled_min"})
    observed = observed[["from_id", "to_id", "n_trains", "scheduled_min"]]
    sections = hops.merge(observed, on=["from_id", "to_id"], how="inner")
    if sections.empty:
        raise InputError(f"none of the {len(section_times)} sections of the timetable of {year} is run by a service")
    lines = sorted({line for hop in sections["hop"] for line in hop.minutes_by_line})
    technical = np.array([[hop.minutes_by_line.get(line, 0.0) for line in lines] for hop in sections["hop"]])
    scheduled = sections["scheduled_min"].to_numpy(dtype=np.float64)
    factors, used = _fit_without_outliers(technical, scheduled, sections["n_trains"].to_numpy() >= FEWEST_TRAINS)
    sections = sections.assign(modelled_min=technical @ factors, used=used)
    sections["residual_min"] = sections["scheduled_min"] - sections["modelled_min"]
    table = _line_table(lines, technical, sections, factors).assign(year=year, source=source)
    return Calibration(table[CALIBRATION_COLUMNS], sections.drop(columns="hop"))


def fit_supplements(
    technical_min: NDArray[np.float64], scheduled_min: NDArray[np.float64], *, rounds: int = 2000
) -> NDArray[np.float64]:
    """Return the factor (1 + supplement) of each line from sections that run over one or more lines.

    Parameters
    ----------
    technical_min
        Minutes of each section on each line, (n_sections, n_lines).
    scheduled_min
        Scheduled minutes of each section, (n_sections,).

    Notes
    -----
    Each round shares a section's scheduled time among its lines in proportion to their modelled time and sets a line's
    factor to the sum of its shares over the sum of its technical time. Where every section lies on one line that is
    scheduled over technical at once; otherwise it converges to the maximum-likelihood fit of times whose variance grows
    with their length (Richardson 1972, Lucy 1974), and no factor can become negative.

    Sections of 10 and 20 technical minutes scheduled 11 and 23 on one line: (11 + 23) / (10 + 20) = 1.133.
    """
    totals = technical_min.sum(axis=0)
    factors = np.full(technical_min.shape[1], scheduled_min.sum() / technical_min.sum())
    for _ in range(rounds):
        scale = scheduled_min / (technical_min @ factors)
        moved = factors * (technical_min.T @ scale) / np.where(totals > 0, totals, 1.0)
        moved = np.where(totals > 0, moved, factors)
        if np.allclose(moved, factors, rtol=1e-7, atol=0.0):
            return moved
        factors = moved
    return factors


def section_residuals(calibration: Calibration, *, worst: int = 20) -> pd.DataFrame:
    """Return the `worst` sections of a calibration, largest absolute residual first."""
    order = calibration.sections["residual_min"].abs().sort_values(ascending=False, kind="stable").index
    return calibration.sections.loc[order[:worst]].reset_index(drop=True)


def technical_sections(network: Network, *, stop_throat_kmh: float = STOP_THROAT_KMH) -> pd.DataFrame:
    """Return one row per pair of stations that some service runs without a stop between: its ordinary technical run.

    Of several train classes and ways that of the median train, in the order of their technical times. Columns: from_id,
    to_id, lines, train_class, km, technical_min, hop (a `HopTime`).
    """
    model = HopModel(network, stop_throat_kmh=stop_throat_kmh)
    there = service_hops(network)
    back = there[there["both_directions"] == "yes"].rename(columns={"from_id": "to_id", "to_id": "from_id"})
    ways = pd.concat([there, back]).groupby(["from_id", "to_id", "train_class", "lines"])["trains_per_day"].sum()
    runs: dict[tuple[str, str], list[tuple[float, float, str, HopTime]]] = {}
    problems: list[str] = []
    for (from_id, to_id, train_class, lines), trains in ways.items():
        try:
            hop = model.hop_time(train_class, lines, from_id, to_id)
        except (InputError, NoRouteError) as error:
            problems.extend(error.problems)
            continue
        runs.setdefault((from_id, to_id), []).append((hop.technical_min, trains, train_class, hop))
    if problems:
        raise InputError(sorted(set(problems)))
    rows = []
    for (from_id, to_id), found in sorted(runs.items()):
        found.sort(key=lambda run: run[:3])
        trains_before = np.cumsum([run[1] for run in found])
        _, _, train_class, hop = found[int(np.searchsorted(trains_before, trains_before[-1] / 2.0))]
        rows.append((from_id, to_id, ";".join(hop.minutes_by_line), train_class, hop.km, hop.technical_min, hop))
    return pd.DataFrame(rows, columns=["from_id", "to_id", "lines", "train_class", "km", "technical_min", "hop"])


def _fit_without_outliers(
    technical: NDArray[np.float64], scheduled: NDArray[np.float64], candidates: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the factors of the lines and which sections they rest on.

    A line that only single trains run keeps those sections: better one train than none.
    """
    only_singles = technical[candidates].sum(axis=0) == 0
    used = candidates | (technical[:, only_singles].sum(axis=1) > 0)
    for _ in range(ROUNDS):
        factors = fit_supplements(technical[used], scheduled[used])
        modelled = technical @ factors
        deviation = (scheduled - modelled) / np.sqrt(modelled)
        spread = MAD_TO_DEVIATION * float(np.median(np.abs(deviation[used])))
        kept = used & (np.abs(deviation) <= OUTLIER_SCALE * max(spread, 1e-9))
        if np.array_equal(kept, used):
            break
        used = kept
    return fit_supplements(technical[used], scheduled[used]), used


def _line_table(
    lines: list[str], technical: NDArray[np.float64], sections: pd.DataFrame, factors: NDArray[np.float64]
) -> pd.DataFrame:
    """Return one row a line that can be told from its neighbours: sums over the sections used, supplement, residual."""
    used = sections["used"].to_numpy()
    share = technical / technical.sum(axis=1, keepdims=True)
    residual = np.abs(sections["residual_min"].to_numpy())
    rows = []
    for number, line in enumerate(lines):
        on_line = used & (share[:, number] >= SMALLEST_SHARE)
        if not on_line.any():
            continue
        minutes = float(technical[on_line, number].sum())
        rows.append(
            {
                "line_id": line,
                "n_sections": int(on_line.sum()),
                "technical_min": round(minutes, 2),
                "scheduled_min": round(minutes * float(factors[number]), 2),
                "supplement_percent": round(100.0 * (float(factors[number]) - 1.0), 2),
                "residual_min": round(float(np.median(residual[on_line])), 2),
            }
        )
    return pd.DataFrame(rows)
