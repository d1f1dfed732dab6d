"""Whole workers in virtual time: hours of outage pass in seconds, the same way every time."""
