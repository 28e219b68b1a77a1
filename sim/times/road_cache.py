"""Road minutes kept on disk between runs, found again by the content of what they depend on.

An entry is one file of arrays. Its name is a hash of everything that the arrays were computed from, so an entry is never
out of date: other roads have another name. A file that was cut short, altered or put there by another program is
recognised by its checksum and computed anew. Files are written under another name and then renamed, so two runs at
once see whole files only. Among the files of this folder that are ours the oldest go first when there are too many.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["RoadCache", "cache_folder", "content_key"]

Arrays = Mapping[str, npt.NDArray[Any]]

CODE_VERSION = 1
"""Part of every key: to be raised by whoever changes what the road kernels compute from the same graph."""
LIMIT_BYTES = 1_000_000_000
"""Most bytes kept. The roads of one year of the delta with its stations and 64 sampled cells take about 200 MB."""
MAGIC = b"sim road minutes 1\n"
DIGEST_BYTES = 32
SUFFIX, PARTIAL_SUFFIX = ".road", ".partial"
PARTIAL_AGE_S = 3600.0
"""A file that was begun this long ago belongs to a run that was ended before it could finish."""


def cache_folder() -> Path:
    """Return the folder of the cache: ``SIM_CACHE`` if set, else ``sim`` in the user's folder for caches."""
    if os.environ.get("SIM_CACHE"):
        return Path(os.environ["SIM_CACHE"])
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "sim" / "cache"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "sim"


def content_key(*parts: object) -> str:
    """Return a name for what is computed from these parts: a hash of their content, types, shapes and order.

    A part is an array, or something that `repr` tells apart, such as a text or a number.
    """
    digest = hashlib.sha256(f"{CODE_VERSION}".encode())
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"|{part.dtype.str}{part.shape}|".encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(f"|{part!r}|".encode())
    return digest.hexdigest()


@dataclass
class RoadCache:
    """A folder of files of arrays, each under the key of its content (see `content_key`).

    Attributes
    ----------
    folder : where the files are; made when the first one is written.
    limit_bytes : how much is kept; what was used longest ago goes first.
    """

    folder: Path = field(default_factory=cache_folder)
    limit_bytes: int = LIMIT_BYTES
    _can_write: bool = field(default=True, repr=False)

    def load(self, key: str) -> dict[str, npt.NDArray[Any]] | None:
        """Return the arrays kept under a key, read-only; None if there are none or the file is not as it was written."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        arrays = _unpack(content, key)
        with contextlib.suppress(OSError):
            if arrays is None:
                path.unlink()
            else:
                os.utime(path)  # used now: goes last
        return arrays

    def store(self, key: str, arrays: Arrays) -> None:
        """Keep arrays under a key. A folder that cannot be written costs time, not the run: it is warned of once."""
        if not self._can_write:
            return
        partial = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=PARTIAL_SUFFIX)
            partial = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.writelines(_pack(key, arrays))
            partial.replace(self._path(key))
        except FileNotFoundError:
            return  # another run has cleared the cache meanwhile
        except OSError as error:
            self._can_write = False
            if partial is not None:
                partial.unlink(missing_ok=True)
            warnings.warn(f"road minutes are not kept for the next run: {error}", RuntimeWarning, stacklevel=2)

    def trim(self) -> int:
        """Remove what was used longest ago until the rest is within the limit; return the bytes removed."""
        files = sorted(self._files(), key=lambda file: file[1])
        total = sum(size for _, _, size in files)
        removed = 0
        for path, used, size in files:
            abandoned = path.suffix == PARTIAL_SUFFIX and time.time() - used > PARTIAL_AGE_S
            if abandoned or (path.suffix == SUFFIX and total - removed > self.limit_bytes):
                removed += _remove(path, size)
        return removed

    def size_bytes(self) -> int:
        """Return how many bytes the files of the cache have."""
        return sum(size for _, _, size in self._files())

    def clear(self) -> int:
        """Remove every file of the cache, and nothing else that may lie in its folder; return the bytes removed."""
        return sum(_remove(path, size) for path, _, size in self._files())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"

    def _files(self) -> list[tuple[Path, float, int]]:
        """Return path, time of last use and bytes of the files of the cache; other runs may remove some meanwhile."""
        files = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.suffix in {SUFFIX, PARTIAL_SUFFIX}:
                    with contextlib.suppress(OSError):
                        status = path.stat()
                        files.append((path, status.st_mtime, status.st_size))
        return files


def _remove(path: Path, size: int) -> int:
    """Remove a file and return its size, 0 if it could not be removed (another run may have done so)."""
    try:
        path.unlink()
    except OSError:
        return 0
    return size


def _pack(key: str, arrays: Arrays) -> list[bytes | memoryview]:
    """Return the parts of a file: who wrote it, the checksum of the rest, what is in it, and the arrays."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = [[name, array.dtype.str, list(array.shape)] for name, array in whole.items()]
    head = json.dumps({"key": key, "arrays": content}).encode()
    parts: list[bytes | memoryview] = [len(head).to_bytes(8, "little"), head]
    parts += [array.data.cast("B") for array in whole.values() if array.size]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return [MAGIC, digest.digest(), *parts]


def _unpack(content: bytes, key: str) -> dict[str, npt.NDArray[Any]] | None:
    """Return the arrays of a file, None if it is not one of ours, not whole, or of another key."""
    body_at = len(MAGIC) + DIGEST_BYTES
    body = memoryview(content)[body_at:]
    if not content.startswith(MAGIC) or hashlib.sha256(body).digest() != content[len(MAGIC) : body_at]:
        return None
    at = 8 + int.from_bytes(body[:8], "little")
    head = json.loads(bytes(body[8:at]))
    if head["key"] != key:
        return None
    arrays = {}
    for name, dtype, shape in head["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(body, dtype=dtype, count=count, offset=at).reshape(shape)
        at += arrays[name].nbytes
    return arrays
