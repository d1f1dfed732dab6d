"""What a sync is: values, decisions, ports and use-cases, in plain Python."""
