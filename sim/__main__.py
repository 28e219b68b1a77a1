"""Run `python -m sim` as `sim`."""

import sys

from sim.cli import main

sys.exit(main())
