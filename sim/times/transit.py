"""Stage 3d, without a car: walking, local buses and the metro as ways over the cells of the road graph.

Buses use the roads of the graph, ferries included, at commercial speed and never faster than a car; they stop at the border
of their city. The metro has an area around the middle of a city; what lies outside comes to it by bus. Neither crosses water
but where a road or a ferry does. Speeds and waits stand in transit.csv, areas in metros.csv.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from sim.errors import InputError
from sim.network.network import Network
from sim.region.region import Region
from sim.scenario.assumptions import Assumptions
from sim.times.access import Access, AccessWay, WayName
from sim.times.congestion import built_up_areas, people_of_built_up_areas
from sim.times.kernels import prepare_graph
from sim.times.road_cache import RoadCache
from sim.times.road_graph import RoadGraph, pad, to_grid
from sim.times.road_minutes import RoadMinutes
from sim.times.roads import SHORTEST_LINK_MIN

__all__ = ["compile_access", "transit_ways"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NO_CITY = -1


@dataclass(frozen=True)
class _Ground:
    """What the ways without a car need to know of each cell, (n_cells,), and of each node of the road graph.

    Attributes
    ----------
    city : number of the city, `NO_CITY` off the land.
    built_up : people live there as densely as in a town.
    in_metro : the metro is within reach.
    city_people : people in the built-up area that the cell is part of, 0 in open country.
    home : cell of each node: itself, or the nearest land of a node on a road, (n_nodes,).
    """

    graph: RoadGraph
    city: Integers
    built_up: Flags
    in_metro: Flags
    city_people: Floats
    home: Integers

    @cached_property
    def link_start(self) -> Integers:
        """Node at which each link starts, (n_links,)."""
        prepared = self.graph.prepared
        return np.repeat(np.arange(self.graph.n_nodes), np.diff(prepared.indptr))


def compile_access(region: Region, network: Network, assumptions: Assumptions, roads: RoadMinutes) -> Access:
    """Return how people get to and from stations in a scenario: by car, without one, or by whatever is fastest.

    Raises
    ------
    InputError: the scenario wants transit, and transit.csv does not say how fast it is.
    """
    ways: tuple[AccessWay, ...] = ()
    if assumptions.access_mode in {"car", "best"}:
        ways = (AccessWay("car", roads, np.zeros(roads.graph.n_cells, dtype=np.float32)),)
    if assumptions.access_mode in {"transit", "best"}:
        ways += transit_ways(region, network, assumptions, roads)
    return Access(ways, assumptions.access_limit_min)


def transit_ways(
    region: Region, network: Network, assumptions: Assumptions, roads: RoadMinutes
) -> tuple[AccessWay, ...]:
    """Return the ways of people without a car: walking, local bus, and the metro where the network has one.

    Raises
    ------
    InputError: transit.csv lacks walking, or buses in built-up cells or in open country.
    """
    graph, transit = roads.graph, network.transit
    _raise_if_incomplete(transit, network.network_id, needs_metro=not network.metros.empty)
    ground = _survey(region, network, assumptions, graph)
    bus_pace, bus_detour, bus_extra = _bus_values(transit, ground)
    walking = transit[transit["mode"] == "walk"].iloc[0]
    everywhere = np.ones(graph.n_cells)
    closed = set(network.road_classes.loc[network.road_classes["entered"] == "interchanges", "road_class"])
    walk = _on_foot(ground, 60 / walking["speed_kmh"] * everywhere, walking["detour"] * everywhere, closed)
    at_once = np.zeros(graph.n_cells)
    bus = _ride(ground, bus_pace, bus_detour, ground.city, unbound=np.zeros(graph.n_cells, dtype=bool))
    ways = [_way("walk", walk, at_once, roads), _way("bus", bus, bus_extra, roads)]
    if ground.in_metro.any():
        metro = transit[transit["mode"] == "metro"].iloc[0]
        pace = np.where(ground.in_metro, 60 / metro["speed_kmh"], bus_pace)
        detour = np.where(ground.in_metro, metro["detour"], bus_detour)
        extra = metro["to_stop_min"] + metro["wait_min"] + np.where(ground.in_metro, 0.0, bus_extra)
        metro_graph = _ride(ground, pace, detour, ground.city, unbound=ground.in_metro)
        ways.append(_way("metro", metro_graph, extra, roads))
    return tuple(ways)


def _raise_if_incomplete(transit: pd.DataFrame, network_id: str, *, needs_metro: bool) -> None:
    """Raise an InputError that names every row that ways without a car need and transit.csv does not have."""
    least = transit[transit["city_people_from"] == 0]
    needed = [("walk", "anywhere"), ("bus", "built_up"), ("bus", "open")]
    needed += [("metro", "anywhere")] if needs_metro else []
    problems = [
        f"networks/{network_id}/transit.csv: no row with mode '{mode}', setting '{setting}' and city_people_from 0; "
        "access_mode = 'transit' or 'best' and bus lines need it"
        for mode, setting in needed
        if least[(least["mode"] == mode) & (least["setting"] == setting)].empty
    ]
    if problems:
        raise InputError(problems)


def _survey(region: Region, network: Network, assumptions: Assumptions, graph: RoadGraph) -> _Ground:
    """Return what the ways need to know of the cells."""
    grid = region.grid
    numbers = dict.fromkeys(region.counties["city_id"])
    number_of = {city: number for number, city in enumerate(numbers)}
    counties = region.counties.drop_duplicates("county_index").set_index("county_index")["city_id"].map(number_of)
    by_county = np.full(int(region.counties["county_index"].max()) + 2, NO_CITY)
    by_county[counties.index.to_numpy()] = counties.to_numpy()
    city = np.where(grid.is_land, by_county[grid.county], NO_CITY)
    area = built_up_areas(grid, assumptions.urban_density_per_km2)
    rows, columns = np.indices(grid.shape)
    in_metro = np.zeros(grid.shape, dtype=bool)
    for metro in network.metros.itertuples():
        row, column = to_grid(grid, metro.lon, metro.lat)[0]
        km = np.hypot(rows + 0.5 - row, columns + 0.5 - column) * grid.cell_m / 1000
        in_metro |= grid.is_land & (km <= metro.radius_km)
    return _Ground(
        graph=graph,
        city=_padded(city, NO_CITY),
        built_up=pad(area > 0).ravel(),
        in_metro=pad(in_metro).ravel(),
        city_people=pad(people_of_built_up_areas(grid, area)).ravel(),
        home=_home_cells(graph),
    )


def _padded(cells: Integers, outside: int) -> Integers:
    return np.pad(cells, 1, constant_values=outside).ravel()


def _home_cells(graph: RoadGraph) -> Integers:
    """Return the cell of each node: its own, or the land cell nearest to a node on a road, (n_nodes,)."""
    land = graph.land_nodes.astype(np.int64)
    centres = np.column_stack([land // graph.stride - 0.5, land % graph.stride - 0.5])
    points = to_grid(graph.grid, graph.nodes["lon"].to_numpy(), graph.nodes["lat"].to_numpy())
    nearest = shapely.STRtree(shapely.points(centres)).nearest(shapely.points(points))
    return np.concatenate([np.arange(graph.n_cells), land[nearest]])


def _bus_values(transit: pd.DataFrame, ground: _Ground) -> tuple[Floats, Floats, Floats]:
    """Return minutes per km, detour, and the minutes before setting off by bus, by setting and size of city, (n_cells,)."""
    pace, detour, extra = np.zeros((3, ground.graph.n_cells))
    for setting, here in (("built_up", ground.built_up), ("open", ~ground.built_up)):
        rows = transit[(transit["mode"] == "bus") & (transit["setting"] == setting)]
        for row in rows.sort_values("city_people_from").itertuples():
            cells = here & (ground.city_people >= row.city_people_from)
            pace[cells], detour[cells] = 60 / row.speed_kmh, row.detour
            extra[cells] = row.to_stop_min + row.wait_min
    return pace, detour, extra


def _ride(ground: _Ground, pace: Floats, detour: Floats, city: Integers, *, unbound: Flags) -> RoadGraph:
    """Return the graph of vehicles: roads at their pace, no faster than a car unless unbound, no farther than the city.

    Parameters
    ----------
    pace, detour : minutes per km, and km per straight km, of each cell, (n_cells,).
    unbound : cells with a track of its own: vehicles there are held up by no car and by no border, (n_cells,).
    """
    graph = ground.graph
    start, end = ground.home[ground.link_start], ground.home[graph.prepared.indices]
    on_track = unbound[start] & unbound[end]
    ferry = (graph.labels["kind"] == "ferry").to_numpy()[graph.link_label]
    car_min = graph.prepared.minutes
    riding_min = graph.link_km * (pace[start] + pace[end]) / 2
    minutes = np.where(ferry, car_min, np.where(on_track, riding_min, np.maximum(riding_min, car_min)))
    kept = ferry | on_track | (city[start] == city[end])
    car_pace = graph.prepared.pace
    cells = np.where(unbound, pace * detour, np.maximum(pace * detour, car_pace))
    return _changed(graph, cells, _moves_within(graph, city, unbound), minutes, kept)


def _on_foot(ground: _Ground, pace: Floats, detour: Floats, closed: set[str]) -> RoadGraph:
    """Return the graph of people on foot: lanes, roads that are not closed to them, and ferries."""
    graph = ground.graph
    labels = graph.labels
    ferry = (labels["kind"] == "ferry").to_numpy()[graph.link_label]
    kept = ferry | ~labels["road_class"].isin(closed).to_numpy()[graph.link_label]
    start, end = ground.home[ground.link_start], ground.home[graph.prepared.indices]
    minutes = np.where(ferry, graph.prepared.minutes, graph.link_km * (pace[start] + pace[end]) / 2)
    return _changed(graph, pace * detour, graph.prepared.moves, minutes, kept)


def _moves_within(graph: RoadGraph, city: Integers, unbound: Flags) -> npt.NDArray[np.uint8]:
    """Return the steps between cells of one city, and those between cells that are unbound."""
    moves = np.array(graph.prepared.moves)
    for direction, offset in enumerate(graph.prepared.step_offset.tolist()):
        start = np.flatnonzero((graph.prepared.moves >> direction) & 1)
        leaves = (city[start] != city[start + offset]) & ~(unbound[start] & unbound[start + offset])
        moves[start[leaves]] &= np.uint8(255 ^ (1 << direction))
    return moves


def _changed(graph: RoadGraph, pace: Floats, moves: npt.NDArray[np.uint8], minutes: Floats, kept: Flags) -> RoadGraph:
    """Return the graph with another pace and steps, and of its links the kept ones with other minutes."""
    start = np.repeat(np.arange(graph.n_nodes), np.diff(graph.prepared.indptr))
    counts = np.bincount(start[kept], minlength=graph.n_nodes)
    prepared = prepare_graph(
        pace,
        moves,
        np.concatenate([[0], np.cumsum(counts)]),
        graph.prepared.indices[kept],
        np.maximum(minutes[kept], SHORTEST_LINK_MIN),
        stride=graph.stride,
        cell_km=graph.grid.cell_m / 1000,
    )
    return replace(graph, prepared=prepared, link_km=graph.link_km[kept], link_label=graph.link_label[kept])


def _way(name: WayName, graph: RoadGraph, extra: Floats, roads: RoadMinutes) -> AccessWay:
    """Return a way whose tables have the cells in the order of those of the roads."""
    return AccessWay(name, RoadMinutes(graph, RoadCache(), laid=roads.layout), extra.astype(np.float32))
