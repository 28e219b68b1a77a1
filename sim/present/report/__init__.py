"""Room 5e: the report: sentences, a document without a format, and the formats it is written in."""
