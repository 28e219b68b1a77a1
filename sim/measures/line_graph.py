"""The line network as a graph: stations, and the sections of lines between them."""

import networkx as nx
import pandas as pd

from sim.network.network import Network

__all__ = ["build_line_graph"]


def build_line_graph(network: Network) -> "nx.MultiGraph[str]":
    """Return stations as nodes (name, name_en, lon, lat) and line sections as edges (line, km, speed_kmh), keyed by line."""
    graph: nx.MultiGraph[str] = nx.MultiGraph(name=network.file.name)
    for row in network.stations.itertuples():
        graph.add_node(row.station_id, name=row.name, name_en=row.name_en, lon=row.lon, lat=row.lat)
    speeds = network.lines.set_index("line_id")["speed_kmh"]
    for line, stops in network.line_stops.sort_values(["line_id", "sequence"]).groupby("line_id", sort=False):
        after = stops.shift(-1)
        for here, there in zip(stops.itertuples(), after.itertuples(), strict=True):
            if pd.isna(there.station_id):
                continue
            speed = speeds[line] if pd.isna(there.speed_kmh) else min(there.speed_kmh, speeds[line])
            km = there.chainage_km - here.chainage_km
            graph.add_edge(here.station_id, there.station_id, key=line, line=line, km=km, speed_kmh=float(speed))
    return graph
