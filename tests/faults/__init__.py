"""What connectors do under faults: each case of it against this daemon, on every source."""
