"""Stage 4g, the front: missing road links, found and given, ranked by the person-minutes they save.

A candidate is a gap: two points of ordinary roads that are near each other in a straight line and far apart on the mapped main
roads (`sim.measures.road_gaps`). Its benefit is what the people around save (`sim.measures.link_savings`).

References
----------
Vybornova, A., Cunha, T., Gühnemann, A., Szell, M. (2023). Automated detection of missing links in bicycle networks. Geographical
    Analysis 55, 239-267 (gaps between near points, ranked by what closing them gives).
Barthélemy, M. (2011). Spatial networks. Physics Reports 499, 1-101 (the detour index).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from sim.errors import InputError, did_you_mean
from sim.measures.link_notes import LINK_COLUMNS, LinkDescriber
from sim.measures.link_savings import PeopleRules, find_reach, people_minutes_saved
from sim.measures.road_gaps import BORDERS, WATER, GapRules, find_gaps
from sim.network.network import Network
from sim.region.region import Region
from sim.scenario.scenario import Scenario
from sim.times.door_to_door import DoorToDoor
from sim.times.kernels import seeds_of
from sim.times.proposed_links import JoinedLink, ProposedLink, RoadEnds
from sim.times.road_graph import RoadGraph, reverse_graph, to_grid

__all__ = ["MISSING_LINK_COLUMNS", "MissingLinks", "find_missing_links"]

MISSING_LINK_COLUMNS = ("rank", *LINK_COLUMNS)
SAME_GAP_KM, SAME_LINK_KM = 1.5, 4.0
"""Candidates whose two ends lie that close to those of a better one are that one again: before and after solving."""
MOST_GAPS, SOLVED_PER_SHOWN, LEAST_SOLVED = 1500, 3, 40
"""How many gaps are looked at coarsely, and how many links are solved for each one that is shown."""
COARSER = 5
"""How many times fewer origins the coarse look has."""
NEAR_KM = 5.0


class Modelled(Protocol):
    """What of a scenario's model is asked for (a `ScenarioModel`)."""

    @property
    def network(self) -> Network: ...
    @property
    def region(self) -> Region: ...
    @property
    def scenario(self) -> Scenario: ...
    @property
    def travel(self) -> DoorToDoor: ...


@dataclass(frozen=True)
class MissingLinks:
    """Links in the order of their rank.

    Attributes
    ----------
    table : one row a link, columns `MISSING_LINK_COLUMNS`.
    links : the links, joined to the roads.
    """

    table: pd.DataFrame
    links: tuple[JoinedLink, ...]

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """Return the table with a straight line for each link (WGS84)."""
        lines = [shapely.LineString([joined.link.start, joined.link.end]) for joined in self.links]
        return gpd.GeoDataFrame(self.table, geometry=gpd.GeoSeries(lines, crs="EPSG:4326", index=self.table.index))


def find_missing_links(
    model: Modelled,
    *,
    gaps: GapRules | None = None,
    people: PeopleRules | None = None,
    given: Sequence[ProposedLink] = (),
    top: int = 20,
) -> MissingLinks:
    """Return missing road links of a scenario, those that save most person-minutes first.

    Parameters
    ----------
    gaps : what counts as a gap, and what would close it.
    people : who travels where; person-minutes are defined in `sim.measures.link_savings`.
    given : links of planners (`sim.times.given_links.read_proposed_links`), ranked among those found.
    top : how many are to be found; 0 for none but the given ones.

    Raises
    ------
    InputError: a rule that cannot be, with every problem.

    Notes
    -----
    Gaps are first compared by the people near the worse end and the minutes saved from end to end, the best of them by their
    person-minutes from few origins, and the best of those from all. A link that is not shown may save more than the last one
    that is; links shown are exact on their origins.
    """
    gaps, people = gaps or GapRules(), people or PeopleRules()
    _check_rules(gaps, people, model, top)
    ends = RoadEnds(model.travel.graph, model.network, model.scenario.assumptions)
    found = _choose_gaps(ends, model.region, gaps, people, top) if top else []
    links = [*(ends.join(link) for link in given), *found]
    saved = _solve(ends.graph, links, people) if links else np.zeros(0)
    order = _thin_out(ends.graph, links, saved, n_given=len(given), top=top)
    describer = LinkDescriber(ends, model.region, people.horizon_min)
    backwards = reverse_graph(ends.graph).prepared
    rows = []
    for rank, i in enumerate(order, start=1):
        reach = find_reach(ends.graph, backwards, links[i], people)
        kind = "given" if i < len(given) else "found"
        rows.append(
            {"rank": rank, "kind": kind, "person_minutes_saved": saved[i]} | describer.describe(links[i], reach)
        )
    table = pd.DataFrame(rows, columns=list(MISSING_LINK_COLUMNS)).astype({"opening_year": "Int64"})
    named = [_named(links[i], row) for i, row in zip(order, rows, strict=True)]
    return MissingLinks(table, tuple(named))


def _named(joined: JoinedLink, row: dict[str, object]) -> JoinedLink:
    """Return a link with the names that its row has."""
    link = replace(joined.link, name=str(row["name"]), name_en=str(row["name_en"]))
    return replace(joined, link=link)


def _check_rules(gaps: GapRules, people: PeopleRules, model: Modelled, top: int) -> None:
    """Raise one error for everything that is wrong with what is asked for."""
    cities, classes = model.region.cities["city_id"], model.network.road_classes["road_class"]
    limits = {
        "max_gap_km": (gaps.max_gap_km, 0.1, 50.0),
        "min_gap_km": (gaps.min_gap_km, 0.0, gaps.max_gap_km),
        "min_detour": (gaps.min_detour, 1.0, 100.0),
        "min_saving_min": (gaps.min_saving_min, 0.0, 600.0),
        "length_factor": (gaps.length_factor, 1.0, 3.0),
        "speed_kmh": (gaps.speed_kmh, 5.0, 140.0),
        "horizon_min": (people.horizon_min, 5.0, 240.0),
        "decay_min": (people.decay_min, 1.0, 240.0),
        "people_per_origin": (people.people_per_origin, 0, 1e6),
        "top": (top, 0, 500),
    }
    problems = [
        f"{name}: {value:g} is outside {low:g} to {high:g}"
        for name, (value, low, high) in limits.items()
        if not (low <= value <= high or (name == "speed_kmh" and np.isnan(value)))
    ]
    for name, value, known in (
        ("border", gaps.border, BORDERS),
        ("water", gaps.water, WATER),
        ("city", gaps.city_id, ["", *cities]),
        ("road_class", gaps.road_class, list(classes)),
    ):
        if value not in known:
            option = f"--{name.replace('_', '-')}"
            near = did_you_mean(value, known) or f"; there are {', '.join(filter(None, known))}"
            problems.append(f"{name}: '{value}' is unknown ({option}){near}")
    if problems:
        raise InputError(problems)


def _choose_gaps(ends: RoadEnds, region: Region, rules: GapRules, people: PeopleRules, top: int) -> list[JoinedLink]:
    """Return the links that would close the gaps which promise most, `SOLVED_PER_SHOWN` times as many as are shown."""
    graph = ends.graph
    gaps = find_gaps(ends, region, rules)
    gain_min = np.minimum(gaps["minutes_now"], people.horizon_min) - gaps["minutes"]
    promise = (gain_min * np.minimum(*(_people_near(graph, gaps[end].to_numpy()) for end in "ab"))).to_numpy()
    lonlat = np.stack([graph.node_lonlat(gaps[end]) for end in "ab"], axis=1)
    kept = _thin(graph, lonlat, promise, SAME_GAP_KM)[:MOST_GAPS]
    n_solved = max(SOLVED_PER_SHOWN * top, LEAST_SOLVED)
    if len(kept) > n_solved:
        bare = [_bare_link(gaps.iloc[i], lonlat[i], rules) for i in kept]
        coarse = replace(people, people_per_origin=people.people_per_origin * COARSER)
        saved = _solve(graph, bare, coarse)
        best = _thin(graph, lonlat[kept], saved, SAME_GAP_KM)[:n_solved]
        kept = [kept[i] for i in best]
    return [ends.join(_bare_link(gaps.iloc[i], lonlat[i], rules).link) for i in kept]


def _bare_link(gap: pd.Series, lonlat: npt.NDArray[np.float64], rules: GapRules) -> JoinedLink:
    """Return the link over a gap, joined to nothing but its two nodes."""
    start, end = ((float(lon), float(lat)) for lon, lat in lonlat)
    link_id = "gap_" + "_".join(f"{round(100 * value)}" for value in (*start, *end))
    link = ProposedLink(
        link_id=link_id,
        name="",
        name_en="",
        start=start,
        end=end,
        road_class=rules.road_class,
        speed_kmh=rules.speed_kmh,
        length_factor=rules.length_factor,
        structure="bridge" if gap["crosses_water"] else "surface",
        source="found by sim missing-links: a gap of the mapped main roads; planned by nobody",
    )
    return JoinedLink(link, float(gap["minutes"]), seeds_of([gap["a"]]), seeds_of([gap["b"]]), (np.inf, np.inf))


def _people_near(graph: RoadGraph, nodes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the people within a square of 2 x `NEAR_KM` around nodes, (n,)."""
    reach = max(1, round(NEAR_KM * 1000 / graph.grid.cell_m))
    sums = np.pad(np.where(graph.grid.is_land, graph.grid.population, 0.0), reach + 1).cumsum(0).cumsum(1)
    lonlat = graph.node_lonlat(nodes)
    row, column = np.floor(to_grid(graph.grid, lonlat[:, 0], lonlat[:, 1])).astype(np.int64).T
    low, high = 0, 2 * reach + 1
    corners = [sums[row + a, column + b] for a, b in ((high, high), (low, high), (high, low), (low, low))]
    return np.asarray(corners[0] - corners[1] - corners[2] + corners[3])


def _solve(graph: RoadGraph, links: Sequence[JoinedLink], people: PeopleRules) -> npt.NDArray[np.float64]:
    """Return the person-minutes that each link saves, (n_links,)."""
    backwards = reverse_graph(graph).prepared
    reaches = [find_reach(graph, backwards, link, people) for link in links]
    return people_minutes_saved(graph, reaches, people)


def _thin_out(
    graph: RoadGraph, links: Sequence[JoinedLink], saved: npt.NDArray[np.float64], *, n_given: int, top: int
) -> list[int]:
    """Return the given links and the best of those found that are not much the same as a better one, best first."""
    if not links:
        return []
    lonlat = np.array([[joined.link.start, joined.link.end] for joined in links])
    # Given links come first in the thinning, so that none is left out for one that was found.
    order = _thin(graph, lonlat, np.where(np.arange(len(links)) < n_given, saved + 1e15, saved), SAME_LINK_KM, n_given)
    found = [i for i in order if i >= n_given and saved[i] > 0][:top]
    return sorted([*range(n_given), *found], key=lambda i: (-saved[i], links[i].link.link_id))


def _thin(
    graph: RoadGraph, lonlat: npt.NDArray[np.float64], value: npt.NDArray[np.float64], apart_km: float, always: int = 0
) -> list[int]:
    """Return the numbers of lines, (n, 2, 2), best first, without those whose ends lie within ``apart_km`` of a better one's.

    Parameters
    ----------
    always : this many, the first ones, stay in any case.
    """
    if not len(lonlat):
        return []
    ends = to_grid(graph.grid, lonlat[..., 0].ravel(), lonlat[..., 1].ravel()).reshape(-1, 4) * graph.grid.cell_m / 1000
    turned = ends[:, [2, 3, 0, 1]]
    tree = cKDTree(ends)
    dropped = np.zeros(len(ends), dtype=bool)
    kept = []
    for i in np.argsort(-value, kind="stable").tolist():
        if dropped[i] and i >= always:
            continue
        kept.append(i)
        near = tree.query_ball_point([ends[i], turned[i]], apart_km * np.sqrt(2))
        dropped[[j for both in near for j in both]] = True
    return kept
