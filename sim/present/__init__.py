"""What a reader gets: maps, charts, tables and the report, drawn from results and computing none."""
