"""The real use-cases in a simulated world."""
