"""`python -m sandbox aws|shopify|faults`: one of the servers, in a process of its own.

Prints one line of JSON, `{"url": …}`, once it listens. Ends with exit code 0 on SIGTERM or SIGINT
and, with `--end-with-parent`, when its standard input is closed: no server outlives who started it.
"""

import argparse
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from threading import Thread

from sandbox.http_server import LocalServer
from sandbox.ports import AWS_PORT, FAULTS_PORT, SHOPIFY_PORT
from sandbox.shopify.shops import SHOPS_FOR_PEOPLE, Plan, Shop, Shops

STDIN = 0
RATES = {
    "lost": "take effect, but the connection closes in place of an answer",
    "late": "take effect, but the answer is late",
    "server-error": "fail with HTTP 500",
    "throttled": "fail with the service's throttling error",
    "unprocessed": "of batches: a part is left out and named in the answer",
}
"""What befalls which share of the calls, 0 to 1."""


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; 0 then, 1 if the port is taken."""
    options = _options(arguments)
    # A pipe, as an Event's lock may be held by the very thread that the signal interrupts.
    told, tell = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(tell, b"."))
    if options.end_with_parent:
        Thread(target=_watch_parent, args=(tell,), daemon=True).start()
    try:
        server = SERVERS[options.server](options)
    except ValueError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"sandbox: cannot listen on port {options.port}: {error.strerror}\n")
        return 1
    with server as running:
        print(json.dumps({"url": running.url}), flush=True)  # noqa: T201 - the one line promised
        os.read(told, 1)
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    servers = parser.add_subparsers(dest="server", required=True)
    aws = servers.add_parser("aws", help="SQS and DynamoDB")
    aws.add_argument("--port", type=int, default=AWS_PORT, help="0: any that is free")
    shopify = servers.add_parser("shopify", help="the simulated Shopify")
    shopify.add_argument("--port", type=int, default=SHOPIFY_PORT, help="0: any that is free")
    shopify.add_argument("--orders", type=int, default=2_000, help="of a shop not known before")
    shopify.add_argument("--seed", type=int, default=1, help="of a shop not known before")
    plans = [plan.handle for plan in Plan]
    shopify.add_argument("--plan", choices=plans, default="standard", help="of such a shop")
    shopify.add_argument("--known-only", action="store_true", help="no other shops: 404")
    faults = servers.add_parser("faults", help="a proxy of the AWS endpoint that lets calls fail")
    faults.add_argument("--port", type=int, default=FAULTS_PORT, help="0: any that is free")
    faults.add_argument("--upstream", default=f"http://127.0.0.1:{AWS_PORT}", help="the endpoint")
    faults.add_argument("--seed", type=int, default=1, help="the same seed, the same mishaps")
    for name, means in RATES.items():
        faults.add_argument(f"--{name}", type=float, default=0.0, metavar="SHARE", help=means)
    faults.add_argument("--longest-delay", type=float, default=1.0, help="of --late, in seconds")
    for each in (aws, shopify, faults):
        each.add_argument("--end-with-parent", action="store_true", help="end with stdin")
    return parser.parse_args(arguments)


def _aws(options: argparse.Namespace) -> LocalServer:
    from sandbox.aws.server import AwsServer  # noqa: PLC0415 - moto takes a second to import

    _expect_little_garbage()
    return AwsServer(options.port)


def _shopify(options: argparse.Namespace) -> LocalServer:
    from sandbox.shopify.server import ShopifyServer  # noqa: PLC0415 - AWS needs none of it
    from sandbox.shopify.world import World  # noqa: PLC0415 - same

    template = Shop(
        "any.myshopify.com",
        orders=options.orders,
        seed=options.seed,
        plan=Plan.named(options.plan),
    )
    shops = Shops(SHOPS_FOR_PEOPLE, None if options.known_only else template)
    _expect_little_garbage()
    return ShopifyServer(World(shops, time.monotonic), options.port)


def _expect_little_garbage() -> None:
    """What is stored or made is millions of small objects: do not go through them all the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 1000)


def _faults(options: argparse.Namespace) -> LocalServer:
    from sandbox.aws.fates import Fates, Rates  # noqa: PLC0415 - the others need none of it
    from sandbox.aws.fault_proxy import FaultProxy  # noqa: PLC0415 - same

    shares = {name: getattr(options, name.replace("-", "_")) for name in RATES}
    rates = Rates(
        **{name.replace("-", "_"): share for name, share in shares.items()},
        longest_delay=options.longest_delay,
    )
    return FaultProxy(options.upstream, Fates(options.seed, rates), options.port)


SERVERS = {"aws": _aws, "shopify": _shopify, "faults": _faults}


def _watch_parent(tell: int) -> None:
    while os.read(STDIN, 1):
        pass
    os.write(tell, b".")


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Python would take what is stored apart, object by object, for seconds.
    os._exit(code)
