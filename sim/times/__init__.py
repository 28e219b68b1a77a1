"""Times: running times and rides by train, roads and ferries, and door to door."""
