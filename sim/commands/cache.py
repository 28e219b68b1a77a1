"""Stage 7b: the command about what is kept between runs; `cli.py` says how it is called."""

import argparse

from sim.times.road_cache import RoadCache

__all__ = ["clear_cache"]


def clear_cache(options: argparse.Namespace) -> int:
    """Print where road minutes are kept and how much there is; with ``--clear`` remove them."""
    cache = RoadCache()
    print(f"folder: {cache.folder} (SIM_CACHE moves it)")
    if options.clear:
        print(f"removed: {cache.clear() / 1e6:,.0f} MB")
    else:
        print(
            f"kept: {cache.size_bytes() / 1e6:,.0f} MB of at most {cache.limit_bytes / 1e6:,.0f} MB; --clear removes it"
        )
    return 0
