"""Stage 1: land, people and places: the ground on which times are measured."""

from sim.region.grid import Grid, read_grid
from sim.region.people import sum_people
from sim.region.places import Place
from sim.region.region import Region, read_region

__all__ = ["Grid", "Place", "Region", "read_grid", "read_region", "sum_people"]
