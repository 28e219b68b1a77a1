"""The small extract of the tests, river_town.osm, and what its tests share."""

import argparse
from pathlib import Path

import numpy as np
import pyproj

from sim.commands.osm import import_osm
from sim.network.osm_classes import classes_with
from sim.network.schema import frame_of

DATA = Path(__file__).parent / "data"
TOWN = DATA / "river_town.osm"
REAL = DATA / "finland_motorway.osm.pbf"
GEOD = pyproj.Geod(ellps="WGS84")
CLASSES = classes_with(frame_of("road_classes", []))
# Where the roads of the town lie: the trunk road and the two carriageways of the motorway.
TRUNK, NORTH_STREET, EASTBOUND, WESTBOUND = 31.0465, 31.0375, 31.0555, 31.0559


def km(*places):
    """Return the length of a line through places (lon, lat)."""
    return GEOD.line_length(*np.array(places).T) / 1000


def place_of(nodes):
    """Return the places (lon, lat) of nodes."""
    return [(round(point.x, 4), round(point.y, 4)) for point in nodes.geometry]


def run(source, target, base=None):
    """Call the command sim import-osm."""
    return import_osm(argparse.Namespace(source=str(source), target=str(target), base=base))
