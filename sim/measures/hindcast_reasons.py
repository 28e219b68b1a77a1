"""Stage 4j: why a pair of stations is off: its error split into parts that add up, the largest of them named.

The modelled train runs hop by hop. With s the timetable's median minutes of a hop, m the model's median over all its
trains on that hop and r the modelled train's own minutes:

    error = sum (m - s)   the line: its speeds, throats, length or supplement
          + sum (r - m)   the train: its class is slower or faster than the line's ordinary train
          + rest          the stops: other stops, other dwells, or an observed train beside its sections' medians:
                          minus (observed - sum s - the modelled dwells)

Nothing is guessed: every part is computed from the tables, and a hop without observed minutes is said to have none.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.measures.hindcast_rail import RideComparison
from sim.measures.hindcast_sections import compare_sections
from sim.network.network import Network

__all__ = ["explain_pairs", "list_worst"]

WORST = 20
SMALL_MIN = 0.5
"""A part below half a minute is no reason: the timetable is printed in whole minutes."""

PARTS = {"line_min": "line", "train_min": "train", "stops_min": "stops"}


@dataclass(frozen=True)
class _Sections:
    """Minutes of hops: observed median, modelled median, and the train class of each service."""

    observed_min: dict[tuple[str, str], float]
    modelled_min: dict[tuple[str, str], float]
    train_class: dict[str, str]
    names: dict[str, str]


def list_worst(
    comparison: RideComparison, network: Network, section_times: pd.DataFrame, *, count: int = WORST
) -> pd.DataFrame:
    """Return the pairs that are furthest off, with the reason of each.

    First the `count` pairs with the largest error of the fastest train, then as many by the typical ride, then every
    pair with a train in the timetable and none in the model. Columns: reading (fastest, typical, no train), from_id,
    from_name, to_id, to_name, observed_min, modelled_min, error_min, the parts line_min, train_min, stops_min of the
    fastest train's error, reason.
    """
    pairs = comparison.pairs
    missing = pairs["modelled_fastest_min"].isna()
    chosen = {
        "fastest": pairs.loc[pairs["error_min"].abs().sort_values(ascending=False, kind="stable").index[:count]],
        "typical": pairs.loc[
            pairs["typical_error_min"].abs().sort_values(ascending=False, kind="stable").index[:count]
        ],
        "no train": pairs[missing],
    }
    parts = []
    for reading, rows in chosen.items():
        explained = explain_pairs(comparison, network, section_times, rows, reading=reading)
        parts.append(explained)
    return pd.concat(parts, ignore_index=True)


def explain_pairs(
    comparison: RideComparison, network: Network, section_times: pd.DataFrame, rows: pd.DataFrame, *, reading: str
) -> pd.DataFrame:
    """Return chosen rows of `comparison.pairs` with the parts of their error and the reason, columns as `list_worst`.

    Parameters
    ----------
    section_times: of the same timetable, columns from_id, to_id, median_min, n_trains.
    reading: fastest, typical, or "no train" for pairs that the model cannot make.
    """
    compared = compare_sections(network, section_times, hops=comparison.hops)
    keys = list(zip(compared["from_id"], compared["to_id"], strict=True))
    sections = _Sections(
        dict(zip(keys, compared["observed_min"], strict=True)),
        dict(zip(keys, compared["modelled_min"], strict=True)),
        dict(zip(network.services["service_id"], network.services["train_class"], strict=True)),
        dict(zip(network.stations["station_id"], network.stations["name"], strict=True)),
    )
    observed, modelled = {
        "typical": ("observed_median_min", "modelled_typical_min"),
    }.get(reading, ("observed_fastest_min", "modelled_fastest_min"))
    explained = []
    for _, row in rows.iterrows():
        parts, reason = _explain(comparison, sections, network, row, reading)
        explained.append(
            {
                "reading": reading,
                "from_id": row["from_id"],
                "from_name": sections.names.get(row["from_id"], ""),
                "to_id": row["to_id"],
                "to_name": sections.names.get(row["to_id"], ""),
                "observed_min": row[observed],
                "modelled_min": row[modelled],
                "error_min": row[modelled] - row[observed],
                **parts,
                "reason": reason,
            }
        )
    return pd.DataFrame(explained)


def _explain(
    comparison: RideComparison, sections: _Sections, network: Network, row: "pd.Series[object]", reading: str
) -> tuple[dict[str, float], str]:
    if not row["modelled_service"]:
        return dict.fromkeys(PARTS, np.nan), _why_missing(network, str(row["observed_train"]))
    hops = _hops_of(comparison, str(row["from_id"]), str(row["to_id"]))
    parts, worst = _split(hops, sections, float(row["error_min"]))
    if reading == "typical":
        return parts, _why_typical(row)
    return parts, _why_fastest(parts, worst, sections, row)


@dataclass(frozen=True)
class _Hop:
    service_id: str
    from_id: str
    to_id: str
    minutes: float
    lines: tuple[str, ...]


def _hops_of(comparison: RideComparison, from_id: str, to_id: str) -> list[_Hop]:
    """Return the hops of the fastest direct train of a pair."""
    direct, runs = comparison.direct, comparison.direct.runs
    option = comparison.fastest_option(from_id, to_id)
    service = runs.service_ids[direct.option_run[option]]
    names = runs.station_ids
    return [
        _Hop(
            service,
            names[runs.station[call]],
            names[runs.station[call + 1]],
            float(runs.arrive_min[call + 1] - runs.depart_min[call]),
            runs.lines[call],
        )
        for call in range(int(direct.option_board[option]), int(direct.option_alight[option]))
    ]


def _split(hops: list[_Hop], sections: _Sections, error_min: float) -> tuple[dict[str, float], _Hop]:
    """Return the parts of a train's error and the hop whose line is furthest off."""
    of_line, of_train = [], []
    for hop in hops:
        key = (hop.from_id, hop.to_id)
        ordinary = sections.modelled_min.get(key, hop.minutes)
        of_line.append(ordinary - sections.observed_min.get(key, ordinary))
        of_train.append(hop.minutes - ordinary)
    line, train = float(np.sum(of_line)), float(np.sum(of_train))
    worst = hops[int(np.argmax(np.abs(of_line)))]
    return {"line_min": line, "train_min": train, "stops_min": error_min - line - train}, worst


def _why_fastest(parts: dict[str, float], worst: _Hop, sections: _Sections, row: "pd.Series[object]") -> str:
    """Name the largest part of an error and where it lies."""
    error = float(row["error_min"])
    same_sign = {name: value for name, value in parts.items() if value * error > 0 and abs(value) >= SMALL_MIN}
    if not same_sign:
        return "no part of half a minute or more: rounding"
    largest = max(same_sign, key=lambda name: abs(same_sign[name]))
    size = parts[largest]
    slow = "slow" if size > 0 else "fast"
    if largest == "line_min":
        here = sections.modelled_min[worst.from_id, worst.to_id] - sections.observed_min[worst.from_id, worst.to_id]
        ends = f"{sections.names[worst.from_id]}-{sections.names[worst.to_id]}"
        return (
            f"sections too {slow} by {abs(size):.1f} min, most on {ends} ({';'.join(worst.lines)}) by {here:+.1f} min"
        )
    if largest == "train_min":
        kind = sections.train_class[worst.service_id]
        pace = "slower" if size > 0 else "faster"
        return (
            f"modelled as {kind}, {abs(size):.1f} min {pace} over its sections than the ordinary train; "
            f"{row['observed_train']} takes {-parts['stops_min']:+.1f} min against that with the same dwells"
        )
    few = "more" if size > 0 else "less"
    return (
        f"sections agree; stops and dwells of {worst.service_id} take {abs(size):.1f} min {few} than those of "
        f"{row['observed_train']} (other stops, dwells, or a train beside its sections' medians)"
    )


def _why_typical(row: "pd.Series[object]") -> str:
    """Say whether the typical ride differs because of its definition, the number of trains, or the minutes."""
    observed, median = float(row["observed_median_min"]), float(row["modelled_median_min"])
    typical = float(row["modelled_typical_min"])
    trains = f"{float(row['observed_trains']):g} trains observed, {float(row['modelled_trains']):g} modelled"
    if abs(median - observed) >= abs(typical - median):
        return f"the model's own median is off by {median - observed:+.1f} min ({trains})"
    kind = "slow trains not worth waiting for are left out" if typical < median else "a mean of few, unlike trains"
    return f"definition: typical is the expected ride, {kind}; median against median {median - observed:+.1f} min ({trains})"


def _why_missing(network: Network, train: str) -> str:
    """Say what the services know of a train that the timetable names."""
    numbers = set(train.split("/"))
    running = [name for name in network.services["name"] if numbers & set(str(name).replace("/", " ").split())]
    if running:
        return f"{train} is a service ({running[0]}) but does not call at both: its way between them leaves the lines"
    return f"pattern missing: {train} is in no service of the network (its way leaves the region's lines)"
