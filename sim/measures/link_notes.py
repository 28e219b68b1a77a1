"""Stage 4g, continued: a missing link in words and numbers: where it lies, what stands in its place today, what to doubt."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from sim.measures.link_savings import LinkReach
from sim.measures.road_gaps import main_roads, name_border
from sim.region.region import Region
from sim.times.bucket_queue import PreparedGraph
from sim.times.kernels import minutes_from, routes_from, seeds_of
from sim.times.proposed_links import JoinedLink, RoadEnds, crosses_barrier
from sim.times.road_graph import place_node
from sim.times.road_routes import RoadLeg, path_to, road_legs

__all__ = ["LINK_COLUMNS", "LinkDescriber"]

LINK_COLUMNS = {
    "link_id": "unique id: that of the file, or gap_ and the ends in hundredths of a degree",
    "kind": "found, or given by planners",
    "name": "Chinese name; of a found link its counties and roads",
    "name_en": "English name",
    "person_minutes_saved": "see sim.measures.link_savings",
    "from_lon": "degree, WGS84, of one end",
    "from_lat": "degree",
    "to_lon": "degree, of the other end",
    "to_lat": "degree",
    "from_near": "nearest county seat or place and how far away",
    "from_near_en": "in English",
    "to_near": "of the other end",
    "to_near_en": "in English",
    "from_road": "numbers or names of the mapped roads that the end joins",
    "to_road": "of the other end",
    "from_county": "county of the end",
    "to_county": "of the other end",
    "from_city": "city of the end",
    "to_city": "of the other end",
    "from_province": "province of the end",
    "to_province": "of the other end",
    "crosses_border": "highest border between the ends: county, city or province; empty for none",
    "crosses_water": "yes where the straight line passes over water that only a bridge or tunnel crosses",
    "dead_ends": "how many of its two ends are ends of a mapped road today",
    "gap_km": "straight distance",
    "link_km": "length of the link",
    "road_class": "of the link",
    "driven_kmh": "speed driven on the link, congestion included",
    "structure": "surface, bridge or tunnel",
    "opening_year": "empty where none is given",
    "km_now": "of the fastest way between the ends today, streets of the grid included",
    "streets_km_now": "of that, over streets that the grid takes to exist",
    "main_road_km_now": "of the shortest way over mapped roads alone, without ferries; empty where there is none",
    "detour_ratio": "main_road_km_now by gap_km (detour index)",
    "minutes_now": "of the fastest way today",
    "minutes_with_link": "over the link",
    "people_within_horizon": "people within the horizon (60 min) of either end today",
    "newly_within_horizon_from": "people who come within the horizon of one end by the link",
    "newly_within_horizon_to": "of the other end",
    "note": "what to doubt: artefacts of the map, streets that are assumed, interchanges and bridges that are not there",
}
"""Columns of a link and what they hold."""
ALONG_KM, ALONG_SHARE = 0.5, 0.7
"""A mapped road runs along a line when that share of the line lies within this distance of it."""
STREET_SHARE = 0.5
"""The way today is one over streets when more than this share of it is."""
SAME_WAY_DEGREES = 45.0
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class LinkDescriber:
    """What is needed to describe links on the roads of one scenario."""

    ends: RoadEnds
    region: Region
    horizon_min: float

    def describe(self, joined: JoinedLink, reach: LinkReach) -> dict[str, object]:
        """Return the values of `LINK_COLUMNS` of a link, kind and person-minutes apart."""
        link = joined.link
        points = np.array([link.start, link.end])
        nodes = [place_node(self.ends.graph, *point) for point in (link.start, link.end)]
        county = np.array([[self.ends.graph.grid.county[self.ends.graph.node_cell(node)] for node in nodes]])
        crosses_water = bool(crosses_barrier(self.ends.graph, points[None])[0])
        today = self._way_today(joined)
        main_km = self._main_road_km(joined)
        row: dict[str, object] = {
            "link_id": link.link_id,
            "structure": link.structure,
            "crosses_border": name_border(county, self.region)[0].replace("any", ""),
            "crosses_water": "yes" if crosses_water else "no",
            "dead_ends": sum(self._dead_end(end.nodes) is not None for end in (joined.start, joined.end)),
            "gap_km": link.gap_km,
            "link_km": link.km,
            "road_class": link.road_class,
            "driven_kmh": link.km / joined.minutes * 60,
            "opening_year": link.opening_year or None,
            "km_now": sum(leg.km for leg in today) if today else None,
            "streets_km_now": sum(leg.km for leg in today if leg.kind == "local") if today else None,
            "main_road_km_now": main_km if np.isfinite(main_km) else None,
            "detour_ratio": main_km / link.gap_km if np.isfinite(main_km) else None,
            "minutes_now": sum(leg.minutes for leg in today) if today else None,
            "minutes_with_link": joined.minutes,
            "people_within_horizon": round(reach.near_people),
            "newly_within_horizon_from": round(reach.newly_near_start),
            "newly_within_horizon_to": round(reach.newly_near_end),
        }
        for side, point, seeds, index in zip(
            ("from", "to"), points, (joined.start, joined.end), county[0], strict=True
        ):
            row |= self._describe_end(side, point, seeds.nodes, int(index))
        row |= self._name(joined, row)
        row["note"] = "; ".join(self._doubts(joined, row, today))
        return row

    def _describe_end(
        self, side: str, point: npt.NDArray[np.float64], nodes: npt.NDArray[np.int32], county_index: int
    ) -> dict[str, object]:
        """Return where an end lies."""
        county = self._counties.loc[county_index]
        near, km = self._nearest_place(point)
        return {
            f"{side}_lon": round(float(point[0]), 5),
            f"{side}_lat": round(float(point[1]), 5),
            f"{side}_near": f"{near['name']} {km:.0f} km",
            f"{side}_near_en": f"{near['name_en']} {km:.0f} km",
            f"{side}_road": self._road_at(nodes),
            f"{side}_county": county["name"],
            f"{side}_city": county["city_id"],
            f"{side}_province": county["province"],
        }

    @cached_property
    def _counties(self) -> pd.DataFrame:
        return self.region.counties.drop_duplicates("county_index").set_index("county_index")

    @cached_property
    def _named(self) -> pd.DataFrame:
        columns = ["name", "name_en", "lon", "lat"]
        return pd.concat([self.region.counties[columns], self.region.places[columns]], ignore_index=True)

    def _nearest_place(self, point: npt.NDArray[np.float64]) -> tuple[Mapping[str, object], float]:
        named = self._named
        lon, lat = named["lon"].to_numpy(dtype=float), named["lat"].to_numpy(dtype=float)
        km = np.asarray(_GEOD.inv(np.full(len(lon), point[0]), np.full(len(lat), point[1]), lon, lat)[2]) / 1000
        nearest = int(km.argmin())
        return named.iloc[nearest].to_dict(), float(km[nearest])

    def _name(self, joined: JoinedLink, row: Mapping[str, object]) -> dict[str, object]:
        if joined.link.name:
            return {"name": joined.link.name, "name_en": joined.link.name_en}
        (a, road_a), (b, road_b) = ((str(row[f"{side}_county"]), str(row[f"{side}_road"])) for side in ("from", "to"))
        english = dict(zip(self.region.counties["name"], self.region.counties["name_en"], strict=True))
        roads = "—".join(dict.fromkeys(road for road in (road_a, road_b) if road))
        zh, en = ("—".join(dict.fromkeys((names.get(a, a), names.get(b, b)))) for names in ({}, english))
        return {"name": f"{zh} {roads}".strip(), "name_en": f"{en} {roads}".strip()}

    def _links_of(self, nodes: npt.NDArray[np.int32]) -> pd.DataFrame:
        """Return the labels of the roads that leave the road nodes among some nodes, with where they lead."""
        graph = self.ends.graph
        parts = []
        for node in nodes[nodes >= graph.n_cells].tolist():
            own = slice(graph.prepared.indptr[node], graph.prepared.indptr[node + 1])
            labels = graph.labels.iloc[graph.link_label[own]]
            parts.append(labels.assign(start=node, end=graph.prepared.indices[own]))
        return pd.concat(parts) if parts else pd.DataFrame(columns=[*graph.labels.columns, "start", "end"])

    def _road_at(self, nodes: npt.NDArray[np.int32]) -> str:
        """Return number or name of the roads that an end joins."""
        roads = self._links_of(nodes)
        texts = roads["ref"].where(roads["ref"] != "", roads["name"])
        return "/".join(sorted({str(text) for text in texts[roads["kind"] == "road"] if text}))

    def _dead_end(self, nodes: npt.NDArray[np.int32]) -> tuple[int, int] | None:
        """Return the road node that an end joins and its only neighbour on the mapped roads; None where roads go on."""
        roads = self._links_of(nodes)
        roads = roads[roads["kind"].isin(["road", "join"])]
        for node, neighbours in roads.groupby("start")["end"].unique().items():
            if len(neighbours) == 1:
                return int(str(node)), int(neighbours[0])
        return None

    def _prolongs(self, nodes: npt.NDArray[np.int32], other_end: tuple[float, float]) -> bool:
        """Return whether a link goes on from the end of a mapped road in about that road's direction."""
        dead_end = self._dead_end(nodes)
        if dead_end is None:
            return False
        end, before = self.ends.graph.node_lonlat(list(dead_end))
        road, link = (_GEOD.inv(*a, *b)[0] for a, b in ((before, end), (end, other_end)))
        return bool(abs((link - road + 180) % 360 - 180) <= SAME_WAY_DEGREES)

    def _way_today(self, joined: JoinedLink) -> tuple[RoadLeg, ...]:
        """Return the legs of the fastest way between what the two ends join today; none where there is no way."""
        start, end = (seeds.nodes[[int(seeds.minutes.argmin())]] for seeds in (joined.start, joined.end))
        routes = routes_from(self.ends.graph.prepared, seeds_of(start))
        if not np.isfinite(routes.minutes[end[0]]):
            return ()
        return road_legs(self.ends.graph, path_to(routes.predecessors, int(end[0])))

    def _main_road_km(self, joined: JoinedLink) -> float:
        """Return the kilometres between the road nodes that the two ends join over mapped roads; inf where there is no way."""
        n_cells = self.ends.graph.n_cells
        start, end = (seeds.nodes[seeds.nodes >= n_cells] for seeds in (joined.start, joined.end))
        if not len(start) or not len(end):
            return float("inf")
        return float(minutes_from(self._main_roads, seeds_of(start))[end].min())

    @cached_property
    def _main_roads(self) -> PreparedGraph:
        return main_roads(self.ends.graph)

    def _doubts(self, joined: JoinedLink, row: Mapping[str, object], today: tuple[RoadLeg, ...]) -> list[str]:
        """Return what a reader should know before believing in the link."""
        doubts = []
        if row["crosses_water"] == "yes":
            doubts.append("over wide water: a bridge or tunnel")
        if not today:
            doubts.append("no way by road or ferry today")
        elif any(leg.kind == "ferry" for leg in today):
            doubts.append("by ferry today")
        km, streets = row["km_now"], row["streets_km_now"]
        if isinstance(km, float) and isinstance(streets, float) and streets > STREET_SHARE * km:
            doubts.append(
                "today over streets that the model takes to exist everywhere: more is saved where there are none"
            )
        if row["main_road_km_now"] is None:
            doubts.append("an end lies on a piece of road that the map does not join to the others")
        for side, seeds, other in (("from", joined.start, joined.link.end), ("to", joined.end, joined.link.start)):
            if self._prolongs(seeds.nodes, other):
                doubts.append(f"{side}: prolongs a road that ends there on the map; in the world it may go on")
        doubts += self._roads_along(joined)
        built_up = self.ends.local.congestion.built_up
        cells = [
            self.ends.graph.node_cell(place_node(self.ends.graph, *p)) for p in (joined.link.start, joined.link.end)
        ]
        if all(built_up[cell] for cell in cells):
            doubts.append("built-up at both ends: city streets there may be wider than the network knows")
        for side, km_away in zip(("from", "to"), joined.interchange_km, strict=True):
            if np.isfinite(km_away):
                doubts.append(
                    f"{side}: also joined to an interchange {km_away:.1f} km away, as every road drawn by hand"
                )
        return doubts

    def _roads_along(self, joined: JoinedLink) -> list[str]:
        """Return a sentence for each mapped road that runs along the line, and for motorways that cross it."""
        roads = self.ends.network.road_links
        if not len(roads):
            return []
        line = shapely.LineString([joined.link.start, joined.link.end])
        # Degrees are stretched so that they are kilometres on the spot.
        lat = line.centroid.y
        scale = np.array([111.32 * np.cos(np.radians(lat)), 110.95])
        box = shapely.box(*line.buffer(ALONG_KM / scale[0]).bounds)
        near = roads.iloc[roads.sindex.query(box)]
        shapes = shapely.transform(np.asarray(near.geometry), lambda xy: xy * scale)
        line_km = shapely.transform(line, lambda xy: xy * scale)
        found = []
        texts = near["ref"].where(near["ref"].fillna("") != "", near["name"]).fillna("").to_numpy()
        for text in dict.fromkeys(texts.tolist()):
            strip = shapely.union_all(shapely.buffer(shapes[texts == text], ALONG_KM))
            if shapely.intersection(strip, line_km).length >= ALONG_SHARE * line_km.length:
                found.append(
                    f"a mapped road{' ' if text else ''}{text} runs along it: perhaps only a junction is missing"
                )
        classes = self.ends.network.road_classes
        gated = set(classes.loc[classes["entered"] == "interchanges", "road_class"])
        crossed = shapely.intersects(shapes, line_km) & near["road_class"].isin(gated).to_numpy()
        names = sorted({str(text) for text in texts[crossed] if text})
        if names:
            found.append(f"crosses {', '.join(names)}, which has no interchange there")
        return found
