"""The network: tables as declared, and which of their rows are open on a date."""
