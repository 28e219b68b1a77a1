"""The published files, read back with the tools that other programs use."""

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

import sim
from sim.present.outputs import write_table
from sim.present.written_runs import was_made_from


@pytest.fixture(scope="module")
def result(repository):
    return sim.read_study(repository / "scenarios" / "tutorial").run("base")


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    return sim.write_result(result, tmp_path_factory.mktemp("outputs"))


def test_the_surface_has_a_band_per_mode_in_minutes_with_true_nodata(result, folder):
    with rasterio.open(folder / "surface_a.tif") as file:
        assert file.descriptions == ("best", "rail", "road")
        assert file.dtypes == ("float32",) * 3
        assert file.crs.is_projected
        assert file.nodata < 0
        best = file.read(1, masked=True)
        row, column = file.index(*file.xy(2, 145))
    assert best[row, column] == pytest.approx(84.444, abs=0.05)
    assert np.ma.count_masked(best) == np.isnan(result.surface("a")).sum()


def test_unreachable_is_an_empty_cell_in_tables(tmp_path):
    frame = pd.DataFrame({"to_id": ["x", "y"], "rail_min": [12.345678, np.nan], "share_of_people": [0.123456, 1.0]})
    write_table(frame, tmp_path / "times.csv")
    assert (tmp_path / "times.csv").read_text() == "to_id,rail_min,share_of_people\nx,12.35,0.1235\ny,,1.0\n"


def test_isochrones_agree_with_reach(folder):
    reach = pd.read_csv(folder / "reach.csv")
    best = reach[reach["mode"] == "best"].set_index("cutoff_min")
    polygons = gpd.read_file(folder / "isochrones.gpkg", layer="a").set_index("cutoff_min")
    assert list(polygons.index) == [30, 60, 90, 120]
    for cutoff_min, row in polygons.iterrows():
        assert row["population"] == best.loc[cutoff_min, "population"]
        assert row["area_km2"] == best.loc[cutoff_min, "area_km2"]
        assert row.geometry.area / 1e6 == pytest.approx(row["area_km2"])
    assert polygons.crs.is_projected


def test_targets_have_the_published_columns_and_plain_truth_values(folder):
    targets = pd.read_csv(folder / "targets.csv")
    assert list(targets.columns) == [
        "target", "reading", "value_min", "limit_min", "met", "slack_min", "binding_leg", "share_of_population",
        "worst_id", "worst_min",
    ]  # fmt: skip
    assert targets["met"].dtype == bool


def test_a_failed_run_leaves_nothing_half_written(result, tmp_path, monkeypatch):
    first = sim.write_result(result, tmp_path)
    before = (first / "targets.csv").read_bytes()

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr("sim.present.outputs.write_minutes", fail)
    with pytest.raises(OSError, match="disk full"):
        sim.write_result(result, tmp_path)
    assert (first / "targets.csv").read_bytes() == before
    assert [path.name for path in first.parent.iterdir()] == ["base"]


def test_numbers_are_in_their_place_before_maps_are_drawn_and_stay_when_drawing_fails(result, tmp_path, monkeypatch):
    square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")
    for layer in ("land", "water"):
        square.to_file(tmp_path / "coast.gpkg", layer=layer, driver="GPKG")
    with_coast = replace(result, region=replace(result.region, land_path=tmp_path / "coast.gpkg"))
    target = tmp_path / result.study_id / "base"

    def fail(_, folder, **__):
        assert {"targets.csv", "surface_a.tif", "isochrones.gpkg", "run.json"} <= {
            path.name for path in target.iterdir()
        }
        (folder / "half.png").touch()
        raise OSError("disk full")

    monkeypatch.setattr("sim.present.result_maps.save_result_maps", fail)
    with pytest.raises(OSError, match="disk full"):
        sim.write_result(with_coast, tmp_path)
    assert (target / "targets.csv").exists()
    assert not [path.name for path in target.iterdir() if path.name == "maps" or path.name.startswith(".")]


def test_two_runs_write_the_same_bytes(result, tmp_path):
    a = sim.write_result(result, tmp_path / "a")
    b = sim.write_result(result, tmp_path / "b")
    names = sorted(path.name for path in a.glob("*.csv"))
    assert {"station_times.csv", "city_times.csv", "reach.csv", "people_spread.csv", "targets.csv"} <= set(names)
    for name in [*names, "surface_a.tif"]:
        assert (a / name).read_bytes() == (b / name).read_bytes(), name
    first, second = (json.loads((folder / "run.json").read_text(encoding="utf-8")) for folder in (a, b))
    assert first.pop("timings_s").keys() == second.pop("timings_s").keys()  # how long it took is not the same twice
    assert first == second


def test_a_file_that_is_edited_during_a_run_makes_the_run_out_of_date(tutorial_copy, tmp_path):
    study = sim.read_study(tutorial_copy)
    result = study.run("base")
    stations = tutorial_copy.parents[1] / "networks" / "line5" / "stations.csv"
    stations.write_bytes(stations.read_bytes() + b"\n")
    page = tutorial_copy / "study.toml"
    page.write_text(page.read_text(encoding="utf-8").replace("limit_min = 60", "limit_min = 61"), encoding="utf-8")
    folder = sim.write_result(result, tmp_path / "outputs", maps="no")
    assert was_made_from(folder, study.identify("base"))
    assert not was_made_from(folder, sim.read_study(tutorial_copy).identify("base"))


def test_files_of_one_name_are_told_apart_by_their_folders_and_no_path_of_the_machine_is_published(
    tutorial_copy, tmp_path
):
    network = tutorial_copy.parents[1] / "networks" / "line5"
    page = network / "network.toml"
    (network / "more").mkdir()
    (network / "cities.csv").rename(network / "more" / "stations.csv")
    page.write_text(page.read_text(encoding="utf-8").replace('"cities.csv"', '"more/stations.csv"'), encoding="utf-8")

    def hashes():
        return dict(sim.read_study(tutorial_copy).inputs.files_of(["speed_up"]))

    first = hashes()
    assert {
        "line5/stations.csv",
        "more/stations.csv",
        "lines.csv",
        "network.toml",
        "study.toml",
        "speed_up.toml",
    } <= set(first)
    assert "stations.csv" not in first
    assert "direct.toml" not in first
    assert not any(str(tmp_path) in name or name.startswith("/") for name in first)
    cities = network / "more" / "stations.csv"
    cities.write_bytes(cities.read_bytes() + b"\n")
    assert {name for name, sha256 in hashes().items() if sha256 != first[name]} == {"more/stations.csv"}
