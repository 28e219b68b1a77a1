"""What is measured on the times of a scenario: isochrones, reach, targets, routes, invariants."""
