"""A KMS of one's own, by moto."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from moto import mock_aws

from adapters.token_vault import DataKeys, KmsVault
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


@dataclass
class Kms:
    """A key, and what was asked of it."""

    client: KMSClient
    key: str
    clock: FakeClock
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        events: Any = self.client.meta.events
        events.register("before-call.kms", self._called)

    def vault(self, most: int = 100) -> KmsVault:
        """Another process's: it remembers nothing of the others."""
        return KmsVault(self.client, self.key, DataKeys(self.clock, most))

    def _called(self, model: Any, **_event: Any) -> None:
        self.calls.append(model.name)


@cache
def _session() -> Session:
    """A session reads botocore's models once, which takes a quarter of a second."""
    return Session("key", "secret", region_name="eu-west-1")


@contextmanager
def a_kms(clock: FakeClock) -> Iterator[Kms]:
    with mock_aws():
        client = _session().client("kms")
        key = client.create_key()["KeyMetadata"]["KeyId"]
        yield Kms(client, key, clock)
        client.close()
