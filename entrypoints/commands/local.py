"""`demo` and `sandbox`: everything on this machine, without an account or Docker."""

from __future__ import annotations

import importlib
import signal
import sys
from threading import Event
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console

from entrypoints.commands.arguments import AsJson
from entrypoints.commands.complaints import Refused, WrongUsage
from entrypoints.commands.printing import emit, note, say

AWS_PORT = 9_324
SHOPIFY_PORT = 9_300
"""Where the sandbox's documentation says that people find it."""
_LAST_PORT = 65_535


def demo() -> None:
    """Watch a whole sync on this machine, in a minute.

    A simulated shop's orders arrive, the worker is killed half-way, the sync goes on. Starts its
    own sandbox and worker, compresses the waits (and says so), and ends by itself.
    """
    module = _of_the_sandbox("entrypoints.demo")
    try:
        holds = module.run(Console())
    except module.DemoFailed as failure:
        raise Refused(str(failure)) from failure
    if not holds:
        raise Refused("the demo did not show what it promises: see above")


def sandbox(
    *,
    aws_port: Annotated[
        int, typer.Option(min=0, max=_LAST_PORT, help="Port of SQS and DynamoDB; 0: any free one.")
    ] = AWS_PORT,
    shopify_port: Annotated[
        int, typer.Option(min=0, max=_LAST_PORT, help="Port of Shopify; 0: any free one.")
    ] = SHOPIFY_PORT,
    orders: Annotated[
        int | None,
        typer.Option(min=0, help="Orders of a shop not known before.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run local stand-ins for Shopify and AWS.

    With them every command can be tried by hand. They run until Ctrl-C. Prints what to export in
    other terminals. Nothing is kept: when it ends, its data is gone.
    """
    processes = _of_the_sandbox("sandbox.processes")
    options = () if orders is None else ("--orders", str(orders))
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        running = processes.Sandbox.start(aws_port, shopify_port, options)
    except processes.NotStarted as failure:
        raise Refused(str(failure)) from None
    with running:
        environment = dict(running.environment())
        if as_json:
            emit(environment)
        else:
            _explain(environment)
        stopped.wait()
    note("the sandbox has ended")


def _explain(environment: dict[str, str]) -> None:
    shop, token = environment["SANDBOX_SHOP"], environment["SANDBOX_TOKEN"]
    say("# The sandbox runs. In another terminal:\n")
    for name, value in environment.items():
        say(f"export {name}='{value}'")
    say(
        "\n# then, for example:\n\n"
        "shopify-sync bootstrap\n"
        f"echo {token} | shopify-sync connect merchant-1 {shop}\n"
        "SYNC_PAGE_DELAY_MANUAL=2 shopify-sync worker &\n"
        "shopify-sync publish merchant-1 --type manual --follow\n\n"
        "# Other shops, and switches for faults: sandbox/README.md. Ctrl-C ends the sandbox."
    )


def _of_the_sandbox(name: str) -> ModuleType:
    """A module that needs the sandbox's libraries, which a plain installation does not have."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in sys.stdlib_module_names | {"domain", "adapters", "config", "entrypoints"}:
            raise
        raise WrongUsage(
            f"the sandbox's libraries are not installed ({missing} is missing): in a clone of the "
            "repository `make setup` installs them"
        ) from None
