import io
import json
import subprocess
import sys

import pandas as pd
import pytest

from sim.cli import main


@pytest.fixture
def run(repository, monkeypatch, capsys):
    """Run a command in the repository and return its exit status, standard output and standard error."""
    monkeypatch.chdir(repository)

    def call(*arguments):
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_every_command_has_help_with_an_example(run, capsys):
    for command in (
        *("check", "list", "show", "run", "times", "route", "targets"),
        *("hindcast", "planned-lines", "run-time", "import-osm", "cache"),
    ):
        with pytest.raises(SystemExit) as ended:
            run(command, "--help")
        assert ended.value.code == 0
        assert f"sim {command}" in capsys.readouterr().out


def test_check_says_what_was_read(run):
    status, out, _ = run("check", "tutorial")
    assert status == 0
    assert "no problems" in out
    assert "5 stations" in out


def test_list_shows_which_project_is_on_in_which_scenario(run):
    status, out, _ = run("list", "tutorial")
    assert status == 0
    row = next(line for line in out.splitlines() if "speed_up" in line)
    assert row.count("●") == 2
    assert "提速" in row


def test_show_gives_old_and_new_values(run):
    status, out, _ = run("show", "tutorial", "faster_direct")
    assert status == 0
    assert "speed_kmh 180.0 -> 200.0" in out or "speed_kmh 180 -> 200" in out
    assert "services direct" in out
    assert "wait_cap_min" in out


def test_run_writes_every_file_of_the_contract_and_ends_with_the_verdicts(run, tmp_path):
    status, out, _ = run("run", "tutorial", "base", "--outputs", tmp_path, "--no-maps")
    assert status == 0
    assert "station_fastest" in out
    folder = tmp_path / "tutorial" / "base"
    names = {path.name for path in folder.iterdir()}
    assert {"station_times.csv", "city_times.csv", "reach.csv", "targets.csv", "run.json"} <= names
    assert {"surface_a.tif", "isochrones.gpkg"} <= names
    described = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert described["assumptions"]["wait_cap_min"] == 60
    assert described["plausible"]["wait_rule"] == "planned, half_headway, full_headway"
    assert len(described["inputs_sha256"]["stations.csv"]) == 64
    assert described["invariants"]
    assert all(described["invariants"].values())


def test_a_second_run_takes_the_place_of_the_first_and_leaves_nothing_else(run, tmp_path):
    for _ in range(2):
        assert run("run", "tutorial", "base", "--outputs", tmp_path, "--no-maps")[0] == 0
    assert sorted(path.name for path in (tmp_path / "tutorial").iterdir()) == ["base", "comparison"]


def test_a_run_of_all_scenarios_compares_them(run, tmp_path):
    assert run("run", "tutorial", "--outputs", tmp_path, "--no-maps")[0] == 0
    verdicts = pd.read_csv(tmp_path / "tutorial" / "comparison" / "verdicts.csv")
    assert list(verdicts["scenario"].unique()) == ["base", "faster", "faster_direct"]
    first = pd.read_csv(tmp_path / "tutorial" / "comparison" / "first_year_met.csv").set_index("reading")
    assert first.loc["station_fastest", "first_scenario"] == "base"
    assert pd.isna(first.loc["centre_to_centre", "first_year"])


def test_times_are_csv_with_the_published_columns(run):
    status, out, _ = run("times", "tutorial", "base", "--stations", "--from", "a", "--to", "e")
    assert status == 0
    table = pd.read_csv(io.StringIO(out))
    published = ["from_id", "to_id", "fastest_min", "typical_min", "wait_min", "changes", "trains_per_day"]
    assert list(table.columns[: len(published)]) == published  # what came later stands behind them
    assert table.loc[0, "fastest_min"] == pytest.approx(52, abs=0.02)
    _, out, _ = run("times", "tutorial", "base", "--cities", "--from", "a")
    assert list(pd.read_csv(io.StringIO(out)).columns) == [
        "from_id", "to_id", "road_min", "rail_min", "best_min", "access_min", "station_min", "wait_min", "ride_min",
        "change_min", "egress_min", "mode", "access_by", "egress_by",
    ]  # fmt: skip


def test_route_is_told_leg_by_leg_or_as_json(run):
    status, out, _ = run("route", "tutorial", "base", "a", "e")
    assert status == 0
    assert "五站线" in out
    status, out, _ = run("route", "tutorial", "base", "a", "e", "--json")
    route = json.loads(out)
    assert sum(leg["minutes"] for leg in route["legs"]) == pytest.approx(route["minutes"])


def test_targets_ends_with_1_when_one_that_is_asked_for_is_missed(run):
    met = run("targets", "tutorial", "--target", "end_to_end", "--reading", "station_fastest")
    missed = run("targets", "tutorial", "--target", "end_to_end", "--reading", "door_to_door")
    assert (met[0], missed[0]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "tutoria"], "did you mean 'tutorial'?"),
        (["show", "tutorial", "bas"], "did you mean 'base'?"),
        (["run", "tutorial", "fastr"], "did you mean 'faster'?"),
        (["times", "tutorial", "base", "--stations", "--from", "z"], "no station with trains 'z'"),
        (["route", "tutorial", "base", "a", "nowhere"], "'nowhere' is not a place, a station or lon,lat"),
        (["route", "tutorial", "base", "a", "0,0"], "no study land within"),
        (["targets", "tutorial", "--target", "end_to_ends"], "did you mean 'end_to_end'?"),
        (["targets", "tutorial", "--reading", "door"], "--reading: no 'door'"),
    ],
)
def test_a_wrong_name_is_answered_with_what_was_meant(run, arguments, said):
    status, out, err = run(*arguments)
    assert status == 2
    assert said in err
    assert out == ""


def test_savings_of_a_scenario_without_projects_are_refused(run, tmp_path):
    status, _, errors = run("savings", "tutorial", "--scenario", "base", "--outputs", tmp_path)
    assert status == 2
    assert "scenario 'base' has no projects" in errors


def test_a_map_of_a_place_that_the_study_has_not_is_refused_before_anything_is_computed(repository, tmp_path, capsys):
    study = str(repository / "scenarios" / "tutorial")
    assert main(["run", study, "base", "--map", "aa", "--outputs", str(tmp_path)]) == 2
    assert "--map: 'aa' is not among places of study.toml (did you mean 'a'?)" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_without_maps_does_not_enter_the_drawing_room(repository, tmp_path):
    study = repository / "scenarios" / "tutorial"
    code = (
        "import sys, sim.cli\n"
        f"status = sim.cli.main(['run', {str(study)!r}, 'base', '--no-maps', '--outputs', {str(tmp_path)!r}])\n"
        "late = {'matplotlib', 'networkx', 'scipy.spatial'} & set(sys.modules)\n"
        "assert status == 0 and not late, late"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=repository)
    assert done.returncode == 0, done.stderr
