"""What is kept between runs: found again by content, never trusted when damaged, bounded, and safe for two runs."""

import os
import subprocess
import sys
import threading
from argparse import Namespace

import numpy as np
import pytest

from sim.commands.cache import clear_cache
from sim.times.road_cache import PARTIAL_AGE_S, RoadCache, cache_folder, content_key
from tests.times import run_beside

ARRAYS = {"minutes": np.arange(12, dtype=np.float32).reshape(3, 4), "codes": np.array([], dtype=np.uint16)}
KEY = content_key("some roads", 1)


@pytest.fixture
def cache(tmp_path):
    return RoadCache(tmp_path / "cache")


def only_file(cache):
    (path,) = cache.folder.iterdir()
    return path


def test_what_was_stored_is_loaded_with_its_types_and_shapes(cache):
    assert cache.load(KEY) is None
    cache.store(KEY, ARRAYS)
    found = cache.load(KEY)
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert not found[name].flags.writeable


def test_a_key_changes_with_every_part_it_is_made_of():
    roads = np.arange(4, dtype=np.float32)
    parts = [
        (roads, "between", 60.0),
        (roads + 1, "between", 60.0),
        (roads.astype(np.float64), "between", 60.0),
        (roads.reshape(2, 2), "between", 60.0),
        (roads, "tiles", 60.0),
        (roads, "between", 90.0),
        ("between", roads, 60.0),
    ]
    assert len({content_key(*some) for some in parts}) == len(parts)
    assert content_key(*parts[0]) == content_key(roads.copy(), "between", 60.0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:40],
        lambda content: content[:0],
        lambda content: content + b"\0",
        lambda content: content[:-5] + bytes([content[-5] ^ 1]) + content[-4:],
        lambda _: b"PK\x03\x04 a file of another program",
    ],
    ids=["cut short by a byte", "cut in its head", "empty", "longer", "one bit turned", "foreign"],
)
def test_a_file_that_is_not_as_it_was_written_is_removed_and_written_anew(cache, damage):
    cache.store(KEY, ARRAYS)
    path = only_file(cache)
    path.write_bytes(damage(path.read_bytes()))
    assert cache.load(KEY) is None
    assert not path.exists()
    cache.store(KEY, ARRAYS)
    np.testing.assert_array_equal(cache.load(KEY)["minutes"], ARRAYS["minutes"])


def test_a_whole_file_under_the_name_of_another_is_not_taken(cache):
    cache.store(KEY, ARRAYS)
    other = content_key("other roads")
    only_file(cache).rename(cache.folder / f"{other}.road")
    assert cache.load(other) is None


def test_what_was_used_longest_ago_goes_first(cache):
    keys = [content_key(number) for number in range(4)]
    for age, key in enumerate(keys):
        cache.store(key, {"minutes": np.zeros(1000)})
        os.utime(cache.folder / f"{key}.road", (1000 + age, 1000 + age))
    assert cache.load(keys[0]) is not None  # used just now, so that keys[1] is the oldest
    size = cache.size_bytes() // 4
    cache.limit_bytes = 3 * size
    assert cache.trim() == size
    assert [cache.load(key) is not None for key in keys] == [True, False, True, True]
    assert cache.trim() == 0


def test_files_that_runs_left_unfinished_long_ago_are_removed_and_fresh_ones_stay(cache):
    cache.store(KEY, ARRAYS)
    for name, age_s in (("old.partial", 2 * PARTIAL_AGE_S), ("fresh.partial", 0)):
        (cache.folder / name).write_bytes(b"x")
        then = cache.folder.stat().st_mtime - age_s
        os.utime(cache.folder / name, (then, then))
    cache.trim()
    assert sorted(path.suffix for path in cache.folder.iterdir()) == [".partial", ".road"]
    assert (cache.folder / "fresh.partial").exists()


def test_clearing_removes_the_cache_and_nothing_else_in_its_folder(cache):
    cache.store(KEY, ARRAYS)
    (cache.folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert cache.clear() > 0
    assert [path.name for path in cache.folder.iterdir()] == ["notes.txt"]
    assert cache.clear() == 0


def test_a_folder_that_cannot_be_written_is_warned_of_once(tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder", encoding="utf-8")
    cache = RoadCache(tmp_path / "taken")
    with pytest.warns(RuntimeWarning, match="not kept for the next run"):
        cache.store(KEY, ARRAYS)
    cache.store(KEY, ARRAYS)
    assert cache.load(KEY) is None
    assert cache.trim() == 0


def test_runs_that_write_and_read_and_remove_at_once_only_ever_see_whole_entries(cache):
    wrong = []

    def one_run(number):
        for _ in range(50):
            cache.store(KEY, ARRAYS)
            found = cache.load(KEY)
            if found is not None and not np.array_equal(found["minutes"], ARRAYS["minutes"]):
                wrong.append(number)
            if number == 0:
                cache.clear()

    threads = [threading.Thread(target=one_run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_two_processes_that_share_a_cache_find_the_same_minutes_and_leave_whole_files_only(tmp_path, repository):
    cache, go = RoadCache(tmp_path / "cache"), tmp_path / "go"
    found = [tmp_path / "first.npy", tmp_path / "second.npy"]
    commands = [
        [sys.executable, "-W", "error", "-m", "tests.times.run_beside", str(cache.folder), str(go)] for _ in found
    ]
    runs = [
        subprocess.Popen([*command, str(path)], cwd=repository, stderr=subprocess.PIPE, text=True)
        for command, path in zip(commands, found, strict=True)
    ]
    go.touch()
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], errors
    expected = run_beside.minutes_of_the_island(None)
    assert np.isfinite(expected).any()
    for path in found:
        for minutes in np.load(path):
            np.testing.assert_array_equal(minutes, expected)
    # Each of the two removes what is there now and then; what the last one wrote is left.
    left = list(cache.folder.iterdir())
    assert left
    assert all(path.suffix == ".road" and cache.load(path.stem) is not None for path in left)


def test_the_folder_is_the_users_cache_unless_sim_cache_moves_it(monkeypatch, tmp_path):
    monkeypatch.delenv("SIM_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "sim"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # to be ignored, says the XDG Base Directory Specification
    assert cache_folder().is_absolute()
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"


def test_the_command_says_what_is_kept_and_clears_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SIM_CACHE", str(tmp_path))
    RoadCache().store(KEY, {"minutes": np.zeros(500_000)})
    assert clear_cache(Namespace(clear=False)) == 0
    assert "kept: 4 MB" in capsys.readouterr().out
    assert clear_cache(Namespace(clear=True)) == 0
    assert "removed: 4 MB" in capsys.readouterr().out
    assert RoadCache().size_bytes() == 0
