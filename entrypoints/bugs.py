"""Where an exception nobody expected came from, in words that hold no data."""

from __future__ import annotations

from adapters.log_lines import frames


def kind_and_place(error: Exception) -> str:
    """The kind of error and its innermost frame. Never its text: it may hold customer data."""
    places = frames(error.__traceback__)
    return f"{type(error).__name__} at {places[-1]}" if places else type(error).__name__


def kind_and_frames(error: Exception) -> str:
    """The same with every frame, innermost first."""
    return " < ".join([type(error).__name__, *reversed(frames(error.__traceback__))])
