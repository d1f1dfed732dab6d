"""The consumers: how each is installed, given messages and started. Four messages at once, each.

Everything else is left as it comes, except where `visibility_known` says otherwise.
"""

from __future__ import annotations

import json
import subprocess
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import boto3

from adapters.dynamodb_shops import DynamoShops
from adapters.system_clock import SystemClock
from benchmarks.consumer.stage import DLQ, Stage
from domain.shops import ConnectedShop, Tokens
from sandbox.processes import Server

AT_ONCE = 4
OURS = "shopify-sync"
BBC = "bbc/sqs-consumer"
_PEERS = Path(__file__).parent / "peers"


class Consumer(Protocol):
    """A consumer of an SQS queue."""

    name: str

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def send(self, stage: Stage, names: Sequence[str]) -> None:
        """Put a message for each name into the queue, as this consumer's senders do."""

    @abstractmethod
    def start(self, stage: Stage, *, tuned: bool = False) -> None:
        """Start it; `tuned`: with what it offers against work that outlasts the visibility."""


@dataclass(slots=True)
class Ours(Consumer):
    """`python -m entrypoints worker`, with the sandbox's DynamoDB."""

    dynamodb: Server
    dynamodb_url: str
    name: str = OURS

    @classmethod
    def installed(cls) -> Ours:
        server = Server("aws", ["--port", "0"])
        return cls(server, server.url())

    def version(self) -> str:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"],  # noqa: S607 - whichever git there is
            capture_output=True,
            check=True,
            text=True,
        )
        return described.stdout.strip()

    def send(self, stage: Stage, names: Sequence[str]) -> None:
        shops = self._shops()
        for name in names:
            shops.connect(ConnectedShop(name, f"{name}.myshopify.com", Tokens("a-token")))
            body = {"type": "sync-page", "userId": name, "syncType": "manual"}
            stage.desk.engine.send_message(
                QueueUrl=stage.url, MessageBody=json.dumps(body), MessageGroupId=name
            )

    def start(self, stage: Stage, *, tuned: bool = False) -> None:  # noqa: ARG002 - it always is
        environment = self._environment(stage)
        stage.run([sys.executable, "-m", "entrypoints", "bootstrap"], environment)
        stage.start([sys.executable, "-m", "entrypoints", "worker"], environment)

    def _shops(self) -> DynamoShops:
        client = boto3.client(
            "dynamodb",
            endpoint_url=self.dynamodb_url,
            region_name="us-east-1",
            aws_access_key_id="benchmark",
            aws_secret_access_key="benchmark",  # noqa: S106 - of no account
        )
        if "shops" not in client.list_tables()["TableNames"]:
            client.create_table(
                TableName="shops",
                KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        return DynamoShops(client, "shops", SystemClock())

    def _environment(self, stage: Stage) -> Mapping[str, str]:
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb_url,
            "SYNC_QUEUE_URL": stage.url,
            "SYNC_DLQ_URL": f"{stage.given.sqs_url}/123456789012/{DLQ}",
            "SYNC_SHOPIFY_URL": f"{stage.given.work_url}/{{shop}}",
            "SYNC_VISIBILITY_TIMEOUT": str(stage.visibility),
            "SYNC_WORKERS": str(AT_ONCE),
            "SYNC_HTTP_PORT": "0",
        }


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a Python peer is installed (`needs`, from PyPI) and run; `{bin}` is its environment's."""

    needs: tuple[str, ...]
    shown: tuple[str, ...]
    """The distributions whose versions matter."""
    send: tuple[str, ...]
    consume: tuple[str, ...]
    tuning: Mapping[str, str]
    """What tells it how long the queue hides messages, or to extend that. `{visibility}`."""


RECIPES: Mapping[str, Recipe] = {
    "dramatiq-sqs": Recipe(
        ("dramatiq-sqs",),
        ("dramatiq-sqs", "dramatiq"),
        ("{bin}/python", f"{_PEERS}/with_dramatiq.py"),
        ("{bin}/dramatiq", "with_dramatiq", "-p", "1", "-t", str(AT_ONCE), "--path", str(_PEERS)),
        {"DRAMATIQ_VISIBILITY": "{visibility}"},
    ),
    "celery": Recipe(
        ("celery[sqs]",),
        ("celery", "kombu"),
        ("{bin}/python", f"{_PEERS}/with_celery.py"),
        (
            *("{bin}/celery", "--workdir", str(_PEERS), "-A", "with_celery", "worker"),
            *("-c", str(AT_ONCE), "--without-gossip", "--without-mingle", "-l", "warning"),
        ),
        {"CELERY_VISIBILITY": "{visibility}"},
    ),
    "sqs-workers": Recipe(
        ("sqs-workers", "typing-extensions"),  # which it imports without saying so
        ("sqs-workers",),
        ("{bin}/python", f"{_PEERS}/with_sqs_workers.py", "send"),
        ("{bin}/python", f"{_PEERS}/with_sqs_workers.py", "consume"),
        {},
    ),
    "taskiq-aio-sqs": Recipe(
        ("taskiq-aio-sqs",),
        ("taskiq-aio-sqs", "taskiq"),
        ("{bin}/python", f"{_PEERS}/with_taskiq.py"),
        (
            *("{bin}/taskiq", "worker", "-w", "1", "--max-async-tasks", str(AT_ONCE)),
            *("--app-dir", str(_PEERS), "with_taskiq:broker"),
        ),
        {"TASKIQ_HEARTBEAT": "1"},
    ),
}


@dataclass(slots=True)
class Peer(Consumer):
    """A Python consumer in a virtual environment of its own."""

    name: str
    recipe: Recipe
    home: Path

    @classmethod
    def installed(cls, name: str, environments: Path) -> Peer:
        """Make its environment, if there is none yet."""
        recipe, home = RECIPES[name], environments.absolute() / name
        if not (home / "installed").exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, *recipe.needs], check=True)
            (home / "installed").touch()
        return cls(name, recipe, home)

    def version(self) -> str:
        code = (
            "import sys; from importlib.metadata import version as v; print(*map(v, sys.argv[1:]))"
        )
        python = str(self.home / "bin" / "python")
        told = subprocess.run(
            [python, "-c", code, *self.recipe.shown], capture_output=True, check=True, text=True
        )
        versions = zip(self.recipe.shown, told.stdout.split(), strict=True)
        return ", ".join(f"{name} {version}" for name, version in versions)

    def send(self, stage: Stage, names: Sequence[str]) -> None:
        stage.run([*self._filled(self.recipe.send), *names], {})

    def start(self, stage: Stage, *, tuned: bool = False) -> None:
        visibility = str(stage.visibility)
        tuning = {
            name: value.replace("{visibility}", visibility)
            for name, value in self.recipe.tuning.items()
        }
        stage.start(self._filled(self.recipe.consume), tuning if tuned else {})

    def _filled(self, command: Sequence[str]) -> list[str]:
        return [part.replace("{bin}", str(self.home / "bin")) for part in command]


@dataclass(slots=True)
class BbcConsumer(Consumer):
    """bbc/sqs-consumer, where there is node and npm."""

    home: Path
    name: str = BBC

    @classmethod
    def installed(cls, environments: Path) -> BbcConsumer:
        home = environments.absolute() / "bbc-sqs-consumer"
        if not (home / "installed").exists():
            home.mkdir(parents=True, exist_ok=True)
            (home / "package.json").write_text('{"private": true}')
            npm = ["npm", "install", "--no-audit", "--no-fund"]
            subprocess.run([*npm, "sqs-consumer", "@aws-sdk/client-sqs"], cwd=home, check=True)
            (home / "installed").touch()
        return cls(home)

    def version(self) -> str:
        package = self.home / "node_modules" / "sqs-consumer" / "package.json"
        return f"sqs-consumer {json.loads(package.read_text())['version']}"

    def send(self, stage: Stage, names: Sequence[str]) -> None:
        stage.run(self._command("send", *names), self._environment())

    def start(self, stage: Stage, *, tuned: bool = False) -> None:
        more = {"BBC_HEARTBEAT": "1"} if tuned else {}
        stage.start(self._command("consume"), {**self._environment(), **more})

    def _command(self, *arguments: str) -> list[str]:
        return ["node", str(_PEERS / "with_bbc.mjs"), *arguments]

    def _environment(self) -> Mapping[str, str]:
        return {"PEER_HOME": str(self.home)}


NAMES = (OURS, *RECIPES, BBC)
