"""Commands on a Dask cluster write what they write on this machine, byte for byte."""

import json
from dataclasses import replace

import pytest

import sim
from sim.cli import main
from sim.commands.project_sweep import ProjectSweep
from sim.commands.values import PeopleWithin


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_run_on_a_cluster_writes_the_same_bytes(cluster, repository, tmp_path, capsys):
    study = str(repository / "scenarios" / "tutorial")
    assert main(["run", study, "--no-maps", "--outputs", str(tmp_path / "here")]) == 0
    scheduler = ["--scheduler", cluster.scheduler_address]
    assert main(["run", study, "--no-maps", "--outputs", str(tmp_path / "there"), *scheduler]) == 0
    assert "scenarios in" in capsys.readouterr().out
    here, there = files_of(tmp_path / "here"), files_of(tmp_path / "there")
    assert here.keys() == there.keys()
    tables = [name for name in here if name.endswith((".csv", ".tif"))]
    assert len(tables) > 5
    for name in tables:
        assert here[name].read_bytes() == there[name].read_bytes(), name
    for name in here:
        if name.endswith("run.json"):
            a, b = (json.loads(path.read_text(encoding="utf-8")) for path in (here[name], there[name]))
            assert a.keys() == b.keys()
            assert {key for key in a if a[key] != b[key]} <= {"timings_s"}


def test_a_sweep_over_projects_on_a_cluster_gives_the_same_values_to_the_bit(cluster, repository):
    study = sim.read_study(repository / "scenarios" / "tutorial")
    whole = next(scenario for scenario in study.scenarios.values() if scenario.projects)
    bare = study.variant(whole, remove=whole.projects)
    place_id = study.region.places["place_id"].iloc[0]
    here = ProjectSweep(study, bare, (PeopleWithin(place_id, 60.0), PeopleWithin(place_id, 20.0)))
    sets = [frozenset(), frozenset(whole.projects), frozenset()]
    expected = here.evaluate(sets)
    assert expected[0] == expected[2]
    assert replace(here, scheduler=cluster.scheduler_address).evaluate(sets) == expected


def test_run_json_says_how_long_each_stage_took_and_all_of_them(repository, tmp_path):
    study = str(repository / "scenarios" / "tutorial")
    assert main(["run", study, "--no-maps", "--outputs", str(tmp_path)]) == 0
    (path, *_) = sorted(tmp_path.glob("tutorial/*/run.json"))
    seconds = json.loads(path.read_text(encoding="utf-8"))["timings_s"]
    total = seconds.pop("total")
    stages = {"network", "roads", "rail", "cities", "surfaces", "targets", "isochrones"}
    assert {"starting", "reading", *stages, "files", "maps"} == seconds.keys()
    assert total == pytest.approx(sum(seconds.values()), abs=0.001 * len(seconds))  # each is rounded to milliseconds
