"""The part of a drive between the motorways' ends, which published times mostly mean."""

import math

import numpy as np

from sim.measures.hindcast_roads import gate_to_gate_min
from sim.times.road_routes import RoadLeg, RoadRoute


def way(*legs: tuple[str, float]) -> RoadRoute:
    """Return a way of legs of 1 km each: road class (empty for streets) and minutes."""
    made = tuple(RoadLeg("road" if kind else "local", "", "", kind, 1.0, minutes) for kind, minutes in legs)
    return RoadRoute(made, np.array([0, 1]), np.zeros((2, 2)))


def test_streets_before_the_first_and_after_the_last_motorway_do_not_count_and_those_between_do() -> None:
    route = way(("", 9.0), ("primary", 6.0), ("motorway_120", 30.0), ("trunk", 4.0), ("motorway_100", 20.0), ("", 7.0))
    assert gate_to_gate_min(route) == 30.0 + 4.0 + 20.0


def test_a_way_without_motorway_has_no_gates() -> None:
    assert math.isnan(gate_to_gate_min(way(("", 5.0), ("urban_expressway", 8.0))))
