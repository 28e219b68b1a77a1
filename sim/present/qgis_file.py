"""Last stage, a project for QGIS: layers in groups with the colours of the maps, the sea behind them, the view to begin with.

The project names its files by relative paths: the folder can be moved as a whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from pyproj import CRS

from sim.present.qgis import QGIS_VERSION, Category, Geometry, renderer_of, spell_colour

__all__ = ["ProjectLayer", "write_project"]

View = tuple[float, float, float, float]


@dataclass(frozen=True)
class ProjectLayer:
    """A layer of a project.

    Attributes
    ----------
    title
        In the list of layers.
    path, layer
        GeoPackage relative to the project's file, and its layer.
    geometry, column, categories
        The style.
    group
        Of the list of layers; none if empty. Layers of a group stand together.
    at_first
        Whether it is to be seen when the project opens.
    """

    title: str
    path: str
    layer: str
    geometry: Geometry
    column: str
    categories: tuple[Category, ...]
    group: str = ""
    at_first: Literal["shown", "hidden"] = "shown"

    @property
    def source(self) -> str:
        """Where the layer is, as QGIS spells it."""
        return f"./{self.path}|layername={self.layer}"


def write_project(
    path: Path, layers: Sequence[ProjectLayer], *, title: str, crs: str, background: str, view: View | None = None
) -> Path:
    """Write a QGIS project (.qgs) that opens layers with their colours by relative paths; returns its path.

    Parameters
    ----------
    layers
        From the top; their paths count from the folder of the project.
    background
        Colour of the canvas, hex text.
    view
        West, south, east and north in the CRS that the project opens at.
    """
    root = ET.Element("qgis", version=QGIS_VERSION, projectname=title)
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "projectCrs").append(_reference_system(crs))
    named = [(_name_layer(number), layer) for number, layer in enumerate(layers)]
    root.append(_layer_tree(named))
    if view is not None:
        root.append(_canvas(view, crs))
    listed = ET.SubElement(root, "projectlayers")
    for layer_id, layer in named:
        listed.append(_map_layer(layer_id, layer, crs))
    root.append(_properties(background))
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, encoding="unicode") + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def _name_layer(number: int) -> str:
    """Return the id of a layer; QGIS makes one of its own in the place of any that has ten characters or fewer."""
    return f"sim_project_layer_{number:03d}"


def _layer_tree(named: Sequence[tuple[str, ProjectLayer]]) -> ET.Element:
    """Return the list of layers with its groups; a group of which nothing is shown at first is closed."""
    tree = ET.Element("layer-tree-group")
    for group, members in groupby(named, key=lambda one: one[1].group):
        listed = list(members)
        if not group:
            tree.extend(_tree_layers(listed))
            continue
        is_shown = any(layer.at_first == "shown" for _, layer in listed)
        checked = {"checked": "Qt::Checked", "expanded": "1" if is_shown else "0"}
        ET.SubElement(tree, "layer-tree-group", {"name": group, **checked}).extend(_tree_layers(listed))
    return tree


def _tree_layers(named: Sequence[tuple[str, ProjectLayer]]) -> Iterator[ET.Element]:
    for layer_id, layer in named:
        yield ET.Element(
            "layer-tree-layer",
            {
                "id": layer_id,
                "name": layer.title,
                "source": layer.source,
                "providerKey": "ogr",
                "checked": "Qt::Checked" if layer.at_first == "shown" else "Qt::Unchecked",
                "expanded": "1" if layer.at_first == "shown" else "0",
            },
        )


def _map_layer(layer_id: str, layer: ProjectLayer, crs: str) -> ET.Element:
    kind = "Polygon" if layer.geometry == "fill" else "Line"
    entry = ET.Element("maplayer", {"type": "vector", "geometry": kind, "autoRefreshEnabled": "0"})
    for tag, words in (("id", layer_id), ("datasource", layer.source), ("layername", layer.title)):
        ET.SubElement(entry, tag).text = words
    ET.SubElement(entry, "srs").append(_reference_system(crs))
    ET.SubElement(entry, "provider", encoding="UTF-8").text = "ogr"
    entry.append(renderer_of(layer.column, layer.categories, layer.geometry))
    return entry


def _canvas(view: View, crs: str) -> ET.Element:
    canvas = ET.Element("mapcanvas", name="theMapCanvas", annotationsVisible="1")
    ET.SubElement(canvas, "units").text = "meters"
    extent = ET.SubElement(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), view, strict=True):
        ET.SubElement(extent, name).text = f"{value:.1f}"
    ET.SubElement(canvas, "rotation").text = "0"
    ET.SubElement(canvas, "destinationsrs").append(_reference_system(crs))
    return canvas


def _properties(background: str) -> ET.Element:
    """Return what the project is told besides its layers: relative paths, its CRS in use, the colour behind the layers."""
    properties = ET.Element("properties")
    ET.SubElement(ET.SubElement(properties, "Paths"), "Absolute", type="bool").text = "false"
    ET.SubElement(ET.SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", type="int").text = "1"
    canvas = ET.SubElement(properties, "Gui")
    for name, part in zip(("Red", "Green", "Blue"), spell_colour(background).split(","), strict=False):
        ET.SubElement(canvas, f"CanvasColor{name}Part", type="int").text = part
    return properties


def _reference_system(crs: str) -> ET.Element:
    system = ET.Element("spatialrefsys", nativeFormat="Wkt")
    ET.SubElement(system, "wkt").text = CRS.from_user_input(crs).to_wkt()
    ET.SubElement(system, "proj4").text = crs if crs.startswith("+") else ""
    ET.SubElement(system, "description").text = CRS.from_user_input(crs).name
    return system
