"""Stage 7b: what each command does; `sim/cli.py` says how they are called."""
