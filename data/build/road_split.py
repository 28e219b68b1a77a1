"""Stage 4 of the roads: links cut so that land cells can get on, and where motorways have interchanges."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from road_extract import plane_km
from road_topology import RoadLink, RoadNet


def split_links(net: RoadNet, longest_km: Callable[[RoadLink], float]) -> RoadNet:
    """Return the net with each link cut into equal pieces of at most ``longest_km(link)``."""
    nodes, links = dict(net.nodes), []
    fresh = max(nodes) + 1
    for link in net.links:
        pieces = max(1, int(np.ceil(link.km / longest_km(link))))
        shares = np.arange(1, pieces) / pieces
        chain = [link.start]
        cuts = cut_polyline(link.points, shares)
        for piece in cuts[:-1]:
            nodes[fresh] = piece[-1]
            chain.append(fresh)
            fresh += 1
        chain.append(link.end)
        for (a, b), piece in zip(itertools.pairwise(chain), cuts, strict=True):
            links.append(replace(link, start=a, end=b, km=link.km / pieces, points=piece))
    return RoadNet(nodes, links)


def cut_polyline(points: list[tuple[float, float]], shares: np.ndarray) -> list[list[tuple[float, float]]]:
    """Return the polyline in pieces, cut at the given rising shares (0-1) of its drawn length."""
    place = plane_km(np.array(points))
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(place, axis=0), axis=1))]
    total = along[-1] if along[-1] > 0 else 1.0
    pieces: list[list[tuple[float, float]]] = []
    current = [points[0]]
    index = 1
    for share in shares:
        while index < len(points) - 1 and along[index] < share * total:
            current.append(points[index])
            index += 1
        rest = along[index] - along[index - 1]
        t = (share * total - along[index - 1]) / rest if rest > 0 else 0.0
        (x0, y0), (x1, y1) = points[index - 1], points[index]
        cut = (round(x0 + t * (x1 - x0), 5), round(y0 + t * (y1 - y0), 5))
        current.append(cut)
        pieces.append(current)
        current = [cut]
    pieces.append(current + points[index:])
    return pieces
