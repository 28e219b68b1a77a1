"""A small coast that tests draw: 100 km of plain with the sea east of it; answers are worked out beside each test."""

from matplotlib.figure import Figure
from matplotlib.text import Text
from pyproj import Transformer

from sim.present.maps import MapText

CRS = "+proj=aea +lat_1=28 +lat_2=34 +lat_0=31 +lon_0=119.2 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
ROWS, COLUMNS, LAND_COLUMNS = 100, 160, 100
TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def at(x_km: float, y_km: float) -> tuple[float, float]:
    """Degrees of a point given in km of the projection (its middle is at 119.2 E, 31 N)."""
    lon, lat = TO_DEGREES.transform(1000 * x_km, 1000 * y_km)
    return float(lon), float(lat)


# The plain and 50 km of sea: x from -51 to 100 km.
COAST_BOX = (*at(-51, -50), *at(100, 50))


def make_text(**changes: str) -> MapText:
    texts = {
        "title": "两小时圈到海边",
        "title_en": "The two-hour circle reaches the coast",
        "scenario": "小海岸",
        "scenario_en": "Small coast",
        "definition": "读法：门到门。",
        "definition_en": "Reading: door to door.",
        "source": "测试数据。",
        "source_en": "made for the test.",
    }
    return MapText(**{**texts, **changes}, year=2027)


def find_by_gid(figure: Figure, gid: str) -> list:
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def read_texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))
