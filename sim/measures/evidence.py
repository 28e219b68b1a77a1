"""Stage 4c, before: what the targets of a study are judged by, gathered from the minutes of one scenario.

A city is its main stations, its municipal seat and all its people. A county is the stations in its cells (the main ones
if it has any), its seat and its people. With `own_counties` the journeys of the door-to-door reading begin at the seat of
each city, not at its people: such a target asks who is within reach of a centre.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sim.errors import did_you_mean
from sim.measures.journey_times import seat_nodes, times_between
from sim.measures.targets import Evidence, Target, station_readings
from sim.network.network import Network
from sim.region.region import Region
from sim.region.sample import sample_people
from sim.times.door_to_door import DoorToDoor, PairMinutes

__all__ = ["check_targets", "destinations_by_origin", "gather_evidence", "seats_of_ends", "stations_of_ends"]


def gather_evidence(
    targets: Mapping[str, Target],
    travel: DoorToDoor,
    network: Network,
    region: Region,
    *,
    city_times: pd.DataFrame,
    people_sample: int,
) -> dict[str, Evidence]:
    """Return what each target is judged by; pairs of people are counted once per origin.

    Parameters
    ----------
    network : of the scenario that `travel` is the model of.
    city_times : columns as city_times.csv, between all cities.
    people_sample : cells that stand for the people of an origin.
    """
    reached = {target_id: destinations_by_origin(target, region) for target_id, target in targets.items()}
    stations_of = stations_of_ends(travel, network, region)
    population = _population(region)
    pairs = _count_pairs(targets, reached, travel, region, people_sample)
    times = pd.concat([city_times, *_county_times(targets, reached, travel, region)], ignore_index=True)
    times = times.set_index(["from_id", "to_id"], drop=False)
    evidence = {}
    for target_id, target in targets.items():
        by_origin = reached[target_id]
        ends = [(from_id, to_id) for from_id, to_ids in by_origin.items() for to_id in to_ids]
        evidence[target_id] = Evidence(
            stations=pd.concat(
                [station_readings(travel.rides, stations_of, from_id, to_ids) for from_id, to_ids in by_origin.items()],
                ignore_index=True,
            ),
            city_times=times.loc[ends].reset_index(drop=True),
            pairs=_join_pairs([pairs[_pairs_key(target, from_id)].of(to_ids) for from_id, to_ids in by_origin.items()])
            if "door_to_door" in target.readings
            else None,
            population={to_id: population[to_id] for _, to_id in ends},
        )
    return evidence


def destinations_by_origin(target: Target, region: Region) -> dict[str, list[str]]:
    """Return the destinations of a target by the city they are reached from: city ids, or adcodes of counties."""
    if target.to_kind == "own_counties":
        return {city: _counties_of(region, [city]) for city in region.cities_of_set(target.from_set)}
    members = list(target.to) if target.to else region.members(target.to_set)
    if target.to_kind == "counties":
        adcodes = set(region.counties["adcode"])
        counties = [
            own for member in members for own in ([member] if member in adcodes else _counties_of(region, [member]))
        ]
        return {target.from_: counties}
    cities = members if target.to else region.cities_of_set(target.to_set)
    return {target.from_: [city for city in cities if city != target.from_]}


def check_targets(targets: Mapping[str, Target], region: Region) -> list[str]:
    """Return a sentence for every city, county or city set that a target names and the region does not know."""
    problems = []
    sets = set(region.city_sets["set_id"])
    for target_id, target in targets.items():
        where = f"study.toml: targets.{target_id}"
        if target.from_:
            problems += _check_city(where, target.from_, region)
        for end in target.to:
            check = _check_county if target.to_kind == "counties" else _check_city
            problems += check(where, end, region)
        for key, set_id in (("from_set", target.from_set), ("to_set", target.to_set)):
            if set_id and set_id not in sets:
                problems.append(f"{where}: {key}: no city set '{set_id}'{did_you_mean(set_id, sets)}")
    return problems


def _check_city(where: str, city_id: str, region: Region) -> list[str]:
    cities = set(region.cities["city_id"])
    if city_id in cities:
        return []
    if city_id in set(region.places["place_id"]):
        return [f"{where}: '{city_id}' is a place; targets are about cities (data/cities.csv)"]
    return [f"{where}: no city '{city_id}'{did_you_mean(city_id, cities)}"]


def _check_county(where: str, adcode: str, region: Region) -> list[str]:
    known = {*region.counties["adcode"], *region.cities["city_id"]}
    return [] if adcode in known else [f"{where}: no county or city '{adcode}'{did_you_mean(adcode, known)}"]


def _counties_of(region: Region, cities: Sequence[str]) -> list[str]:
    """Return the counties of cities that have cells of their own: development zones live in those of others."""
    counties = region.counties
    return list(counties.loc[counties["city_id"].isin(cities) & (counties["adcode"] == counties["cells_of"]), "adcode"])


def stations_of_ends(travel: DoorToDoor, network: Network, region: Region) -> dict[str, list[str]]:
    """Return the stations at which journeys of each city and each county begin and end, by city id and adcode."""
    return _stations_by_city(network) | _stations_by_county(travel, network, region)


def seats_of_ends(travel: DoorToDoor, region: Region, ends: Sequence[str]) -> dict[str, int]:
    """Return the node of the road graph of the seat of each city id or adcode."""
    cities = set(region.cities["city_id"])
    return seat_nodes(travel.graph, region.cities, "city_id", [end for end in ends if end in cities]) | seat_nodes(
        travel.graph, region.counties, "adcode", [end for end in ends if end not in cities]
    )


def _stations_by_city(network: Network) -> dict[str, list[str]]:
    mains = network.stations[network.stations["rank"] == "main"]
    return {str(city): list(ids) for city, ids in mains.groupby("city_id")["station_id"]}


def _stations_by_county(travel: DoorToDoor, network: Network, region: Region) -> dict[str, list[str]]:
    """Return the stations with trains in the cells of each county: its main ones, or all where it has none."""
    adcode = region.counties.set_index("county_index")["adcode"]
    mains = set(network.stations.loc[network.stations["rank"] == "main", "station_id"])
    found: dict[str, list[str]] = {}
    for station_id, node in zip(travel.stations.station_ids, travel.stations.nodes.tolist(), strict=True):
        county = int(region.grid.county[travel.graph.node_cell(node)])
        if county in adcode.index:
            found.setdefault(str(adcode[county]), []).append(station_id)
    return {county: [s for s in ids if s in mains] or ids for county, ids in found.items()}


def _population(region: Region) -> dict[str, float]:
    """Return the people of every city, and of every county with cells of its own, by id."""
    by_city, by_county = region.people_by("city_id"), region.people_by("cells_of")
    return {str(key): float(people) for key, people in [*by_city.items(), *by_county.items()]}


def _county_times(
    targets: Mapping[str, Target],
    reached: Mapping[str, Mapping[str, Sequence[str]]],
    travel: DoorToDoor,
    region: Region,
) -> list[pd.DataFrame]:
    """Return minutes from city seats to county seats, columns as city_times.csv, for all targets about counties."""
    wanted: dict[str, dict[str, None]] = {}
    for target_id, by_origin in reached.items():
        if targets[target_id].to_kind != "cities":
            for from_id, to_ids in by_origin.items():
                wanted.setdefault(from_id, {}).update(dict.fromkeys(to_ids))
    return [
        times_between(
            travel,
            seat_nodes(travel.graph, region.cities, "city_id", [from_id]),
            seat_nodes(travel.graph, region.counties, "adcode", list(to_ids)),
        )
        for from_id, to_ids in wanted.items()
    ]


def _pairs_key(target: Target, from_id: str) -> tuple[str, str]:
    return target.to_kind, from_id


def _count_pairs(
    targets: Mapping[str, Target],
    reached: Mapping[str, Mapping[str, Sequence[str]]],
    travel: DoorToDoor,
    region: Region,
    people_sample: int,
) -> dict[tuple[str, str], PairMinutes]:
    """Return pairs of people by minutes, by kind of destination and origin, for the targets judged door to door."""
    wanted: dict[tuple[str, str], dict[str, None]] = {}
    for target_id, target in targets.items():
        if "door_to_door" in target.readings:
            for from_id, to_ids in reached[target_id].items():
                wanted.setdefault(_pairs_key(target, from_id), {}).update(dict.fromkeys(to_ids))
    return {
        (kind, from_id): travel.pair_minutes(
            _origin_nodes(kind, from_id, travel, region, people_sample),
            list(to_ids),
            _membership(region, list(to_ids), kind),
            region.grid.population,
        )
        for (kind, from_id), to_ids in wanted.items()
    }


def _origin_nodes(kind: str, from_id: str, travel: DoorToDoor, region: Region, people_sample: int) -> list[int]:
    """Return the nodes that stand for an origin: cells of equal shares of its people, or its seat."""
    if kind == "own_counties":
        return list(seat_nodes(travel.graph, region.cities, "city_id", [from_id]).values())
    return [travel.graph.cell_node(row, column) for row, column in sample_people(region, from_id, people_sample)]


def _membership(region: Region, to_ids: Sequence[str], kind: str) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Return the index of the destination that each cell belongs to, -1 elsewhere, (n_rows, n_columns)."""
    counties = region.counties
    number_of = {to_id: number for number, to_id in enumerate(to_ids)}
    if kind == "cities":
        numbers = counties["city_id"].map(number_of)
    else:  # the cells of a county are those of the one that holds its people
        holder = dict(zip(counties["adcode"], counties["cells_of"], strict=True))
        numbers = counties["adcode"].map({holder[to_id]: number for to_id, number in number_of.items()})
    known = counties.loc[numbers.notna(), "county_index"].to_numpy(dtype=np.int64)
    last = max(int(region.grid.county.max()), int(known.max(initial=-1)))
    of_county = np.full(last + 2, -1, dtype=np.int64)  # one more than there are counties: it answers for NO_COUNTY, -1
    of_county[known] = numbers[numbers.notna()].to_numpy(dtype=np.int64)
    return of_county[region.grid.county]


def _join_pairs(parts: Sequence[PairMinutes]) -> PairMinutes:
    """Return the pairs of several origins as one."""
    return PairMinutes(
        tuple(to_id for part in parts for to_id in part.to_ids),
        np.concatenate([part.pairs for part in parts]),
        np.concatenate([part.leg_minutes for part in parts]),
    )
