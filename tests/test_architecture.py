"""The rooms of the house: a module imports from the rooms before its own, never from those after."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import sim

ROOMS = (
    *("errors", "files", "network", "region", "scenario", "times", "measures", "present"),
    *("study_file", "model", "executor", "study", "commands", "cli"),
)


def room_of(path, repository):
    return path.relative_to(repository / "sim").with_suffix("").parts[0]


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_imports_run_one_way(repository):
    files = [path for path in (repository / "sim").rglob("*.py") if not path.name.startswith("__")]
    assert len(files) > 20
    for path in files:
        own = ROOMS.index(room_of(path, repository))
        for module in imported_modules(path):
            if module.startswith("sim."):
                other = module.split(".")[1]
                assert ROOMS.index(other) <= own, f"{path} imports {module}"


def test_no_import_stands_inside_a_function(repository):
    for path in (repository / "sim").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        for function in functions:
            inside = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inside, f"{path}: {function.name}"


def test_every_public_name_can_be_imported():
    assert len(sim.__all__) > 5
    for name in sim.__all__:
        assert getattr(sim, name) is not None


def test_every_name_in_all_exists(repository):
    for path in sorted((repository / "sim").rglob("*.py")):
        if path.name.startswith("__"):
            continue
        module = import_module(".".join(path.relative_to(repository).with_suffix("").parts))
        assert [name for name in getattr(module, "__all__", []) if not hasattr(module, name)] == []


def test_help_does_not_load_the_model():
    code = (
        "import sys, sim.cli\n"
        "try: sim.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'numba' not in sys.modules and 'geopandas' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sim check circles" in done.stdout


@pytest.mark.parametrize("name", sim.__all__)
def test_every_public_name_is_where_it_is_said_to_be_and_says_what_it_is(name):
    assert inspect.getdoc(getattr(sim, name))
