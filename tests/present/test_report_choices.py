"""What a planner chooses to see: each kind of map belongs to one choice, places and scenarios limit what is drawn."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

import sim
from sim.present.report.choices import MAP_KINDS, ReportChoices
from sim.present.report.data import ReportData
from sim.present.report.map_pictures import list_map_jobs


@pytest.fixture(scope="module")
def data(repository, tmp_path_factory):
    """The small study as if it had a coast: a plain around its five towns and a lake."""
    study = sim.read_study(repository / "scenarios" / "tutorial")
    coast = tmp_path_factory.mktemp("coast") / "coast.gpkg"
    west, south, east, north = (115.0, 25.0, 125.0, 35.0)
    for layer, box in (("land", (west, south, east, north)), ("water", (west, south, west + 0.1, south + 0.1))):
        gpd.GeoDataFrame(geometry=[shapely.box(*box)], crs="EPSG:4326").to_file(coast, layer=layer, driver="GPKG")
    region = replace(study.region, land_path=coast)
    results = [replace(study.run(name), region=region) for name in ("base", "faster_direct")]
    names = {row.city_id: (row.name, row.name_en) for row in region.cities.itertuples(index=False)}
    names |= {row.place_id: (row.name, row.name_en) for row in region.places.itertuples(index=False)}
    return ReportData(
        study_id=study.study_id,
        title=study.file.title,
        title_en=study.file.title_en,
        city_set=study.file.city_set,
        choices=ReportChoices(),
        results=results,
        base_id="base",
        full_id="faster_direct",
        targets=study.file.targets,
        projects=study.projects,
        tables={},
        pictures=(),
        place_names=names,
        inputs_sha256={},
        version="0",
        date="2026-01-31",
    )


def list_stems(data, **choices):
    network = data.results[0].network
    return [job.stem for job in list_map_jobs(replace(data, choices=ReportChoices(**choices)), network)]


def test_each_map_is_drawn_for_exactly_one_kind_that_is_chosen(data):
    by_kind = {kind: list_stems(data, maps=(kind,)) for kind in MAP_KINDS}
    assert by_kind["network"] == ["M1_network"]
    assert by_kind["isochrones"]
    assert by_kind["differences"]
    alone = sorted(stem for stems in by_kind.values() for stem in stems)
    assert alone == sorted(list_stems(data))
    assert len(set(alone)) == len(alone)


def test_no_map_is_drawn_where_none_is_chosen(data):
    assert list_stems(data, maps=()) == []


def test_maps_from_a_place_are_drawn_only_for_the_places_that_are_chosen(data):
    assert any(stem.endswith("_a") or "_a_" in stem for stem in list_stems(data, maps=("isochrones",), places=("a",)))
    other = replace(
        data, results=[replace(r, surfaces=dict(r.surfaces) | {"b": r.surfaces["a"]}) for r in data.results]
    )
    every, chosen = list_stems(other, maps=("isochrones",)), list_stems(other, maps=("isochrones",), places=("b",))
    assert set(chosen) < set(every)
    assert not any("_a" in stem for stem in chosen)
