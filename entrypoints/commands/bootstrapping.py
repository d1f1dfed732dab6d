"""`bootstrap`: tables and queues."""

from __future__ import annotations

import typer

from entrypoints.commands.arguments import AsJson
from entrypoints.commands.opening import objects
from entrypoints.commands.printing import tell


def bootstrap(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Create the tables and queues that are missing.

    What exists stays as it is. Infrastructure code may do the same instead: `check` says whether
    something is wrong with it.
    """
    at_hand = objects(context)
    done = [*at_hand.create_tables(), *at_hand.create_queues().steps]
    tell({"done": list(done)}, "\n".join(done), as_json=as_json)
