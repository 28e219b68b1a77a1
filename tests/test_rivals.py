"""The benchmark says which of its rivals it leaves out, and why."""

import pytest

from tests.benchmarks import rivals


@pytest.fixture(autouse=True)
def nothing_known():
    rivals.why_missing.cache_clear()


def set_package(monkeypatch, package):
    monkeypatch.setattr(rivals.Scipy, "packages", (package,))


def test_a_rival_that_loads_is_not_left_out():
    assert rivals.why_missing("scipy") == ""


def test_a_rival_that_is_not_installed_is_named_with_what_installs_it(monkeypatch):
    set_package(monkeypatch, "no_such_package")
    assert rivals.why_missing("scipy") == "no_such_package is not installed (pip install -e '.[benchmark]')"


def test_a_rival_that_is_installed_but_does_not_load_is_named_with_the_reason(monkeypatch, tmp_path):
    (tmp_path / "broken_package.py").write_text("raise ImportError('libmissing.so: no such file')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    set_package(monkeypatch, "broken_package")
    wanted = "broken_package is installed but does not load: ImportError: libmissing.so: no such file"
    assert rivals.why_missing("scipy") == wanted
