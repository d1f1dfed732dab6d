"""Why a command ends early: one clear line for stderr, and the exit code."""

from __future__ import annotations


class Refused(Exception):
    """The thing asked for failed (exit 1)."""

    exit_code = 1


class WrongUsage(Refused):
    """What was typed or configured makes no sense (exit 2)."""

    exit_code = 2
