"""The README: what it shows exists, and its two commands are the ones that are checked."""

import re

import pytest

from sim.cli import main
from sim.measures.systems import read_systems
from sim.present.systems_page import BEGIN, END


@pytest.fixture(scope="module")
def readme(repository):
    return (repository / "README.md").read_text(encoding="utf-8")


def test_every_picture_and_every_named_file_exists(readme, repository):
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme)
    assert pictures
    named = re.findall(r"`((?:data|networks|scenarios|sim|tests)/[\w./-]*\w[/]?)`", readme)
    assert len(named) > 8
    missing = [path for path in [*pictures, *named] if "<" not in path and not (repository / path).exists()]
    assert set(missing) <= {"networks/ningbo_osm"}


def test_no_placeholder_is_left(readme):
    assert not re.search(r"\b[A-Z]{4,}_[A-Z]{4,}\b", readme)


def test_ci_runs_the_two_commands_of_the_readme(readme, repository):
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert [command.split()[-1] for command in commands] == ["run", "pytest"]
    script = (repository / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme_command 'sim run'" in script
    assert "readme_command 'pytest'" in script


def test_every_command_of_the_program_is_in_the_readme(readme, capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^ {4}([a-z][a-z-]+)(?: {2,}|$)", capsys.readouterr().out, flags=re.MULTILINE)
    assert len(commands) > 20
    assert [command for command in commands if f"sim {command}" not in readme] == []


def test_the_table_of_systems_stands_between_its_marks_with_every_row(readme, repository):
    table = readme.partition(BEGIN)[2].partition(END)[0]
    rows = read_systems(repository / "scenarios" / "circles").rows
    assert len(rows) == 28
    for row in rows.itertuples():
        assert f"| {row.number} | {row.words} |" in table
    assert "does not work yet" not in table
    assert "(run sim " not in table
