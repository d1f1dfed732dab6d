"""The commands, one module for what belongs together."""
