"""Stage 5e: the same content gives the same bytes: Office files are zip archives that note when each part was written."""

import zipfile
from io import BytesIO
from pathlib import Path

__all__ = ["write_fixed_zip"]

EARLIEST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write_fixed_zip(archive: BytesIO, path: Path) -> None:
    """Write a zip archive with its parts in the same order and all of one date."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = zipfile.ZipInfo(name, EARLIEST_ZIP_DATE)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o644 << 16
            target.writestr(part, source.read(name))
