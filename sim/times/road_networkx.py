"""The road graph as networkx has it, for other programs."""

import networkx as nx

from sim.times.road_graph import RoadGraph

__all__ = ["to_networkx"]


def to_networkx(graph: RoadGraph) -> "nx.DiGraph":
    """Return the road graph as a networkx graph.

    Nodes have ``kind`` (cell or road), ``lon``, ``lat``, ``name``, cells also ``row``, ``column``, ``people``; links
    have ``minutes``, ``km``, ``kind`` (step, road, join, connector, ferry), ``name``, ``ref``, ``road_class``. A
    thousand cells take several MB: for the whole delta use `RoadGraph.arcs`, which has the same as arrays.
    """
    result = nx.DiGraph()
    cells = graph.land_nodes
    for node, (lon, lat) in zip(cells.tolist(), graph.node_lonlat(cells).tolist(), strict=True):
        row, column = graph.node_cell(node)
        people = float(graph.people[node])
        result.add_node(node, kind="cell", name="", lon=lon, lat=lat, row=row, column=column, people=people)
    for i, (lon, lat, name) in enumerate(graph.nodes[["lon", "lat", "name"]].itertuples(index=False)):
        result.add_node(graph.n_cells + i, kind="road", name=name, lon=lon, lat=lat)
    arcs = graph.arcs()
    labels = graph.labels[["kind", "name", "ref", "road_class"]].to_dict("records")
    step = {"kind": "step", "name": "", "ref": "", "road_class": ""}
    for i in range(len(arcs.from_node)):
        start, end, minutes = int(arcs.from_node[i]), int(arcs.to_node[i]), float(arcs.minutes[i])
        if not result.has_edge(start, end) or minutes < result.edges[start, end]["minutes"]:
            label = labels[arcs.label[i]] if arcs.label[i] >= 0 else step
            result.add_edge(start, end, minutes=minutes, km=float(arcs.km[i]), **label)
    return result
