"""Last stage, every map by name: what `sim.maps` offers.

`draw_*` functions that take a Result return a figure and save nothing (`sim.present.figures.save_figure` writes PNG, SVG
and PDF); those named `*_map` draw arrays and tables of any origin.
"""

from sim.present.base_map import BaseMap, prepare_base
from sim.present.city_maps import draw_city_change_map
from sim.present.crossing_maps import draw_crossing_map
from sim.present.difference_maps import draw_difference_map, draw_new_reach_map
from sim.present.distorted_maps import draw_distorted_map
from sim.present.dominant_maps import draw_dominant_project_map
from sim.present.furniture import MapText
from sim.present.isochrone_maps import (
    Panel,
    choose_extent,
    draw_isochrone_map,
    draw_isochrone_panels,
    draw_travel_times,
)
from sim.present.layers import MapLayers, Place
from sim.present.lettering import map_style
from sim.present.network_maps import draw_network_map
from sim.present.place_maps import (
    draw_difference,
    draw_dominant_project,
    draw_isochrones,
    draw_new_reach,
    draw_side_by_side,
    draw_years,
)
from sim.present.rail_sections import build_rail_sections
from sim.present.study_maps import (
    draw_crossings,
    draw_distorted,
    draw_metropolitan_area,
    draw_network,
    draw_weighted_time_change,
)

__all__ = [
    "BaseMap",
    "MapLayers",
    "MapText",
    "Panel",
    "Place",
    "build_rail_sections",
    "choose_extent",
    "draw_city_change_map",
    "draw_crossing_map",
    "draw_crossings",
    "draw_difference",
    "draw_difference_map",
    "draw_distorted",
    "draw_distorted_map",
    "draw_dominant_project",
    "draw_dominant_project_map",
    "draw_isochrone_map",
    "draw_isochrone_panels",
    "draw_isochrones",
    "draw_metropolitan_area",
    "draw_network",
    "draw_network_map",
    "draw_new_reach",
    "draw_new_reach_map",
    "draw_side_by_side",
    "draw_travel_times",
    "draw_weighted_time_change",
    "draw_years",
    "map_style",
    "prepare_base",
]
