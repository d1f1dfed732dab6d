"""Fakes broken on purpose: each must fail its contract suite."""
