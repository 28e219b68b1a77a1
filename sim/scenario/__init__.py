"""Projects and scenarios: what is assumed, what is changed, and the network that results."""
