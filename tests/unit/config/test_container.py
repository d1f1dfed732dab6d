"""The container: every object can be made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

from config.container import Container
from config.settings import Settings, SettingsError, load
from domain.checkpoints import SourceName
from domain.messages import Message

CALLS_AWS = {
    "create_queues",
    "create_tables",
    "inspect_queues",
    "inspect_tables",
    "prove_vault",
    "time_of_aws",
}


def encode(message: Message) -> str:
    return repr(message)


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SYNC_{name.upper()}", raising=False)
    for name, value in {
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)


class TestTheRegion:
    def test_is_that_of_aws_region(self) -> None:
        assert a_container().dynamodb().meta.region_name == "eu-west-1"

    def test_is_asked_for_where_there_is_none(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("AWS_REGION")
        monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        with pytest.raises(SettingsError, match="AWS_REGION is not set"):
            a_container().dynamodb()


def a_container(**settings: object) -> Container:
    queues = {"queue_url": "https://sqs.test/1/source", "dlq_url": "https://sqs.test/1/dlq"}
    return Container(settings=load(**{**queues, **settings}), encode=encode)


class TestTheContainer:
    def test_makes_every_object(self) -> None:
        made = [
            provider()
            for name, provider in a_container().providers.items()
            if name not in CALLS_AWS and not isinstance(provider, providers.Dependency)
        ]
        assert len(made) > 25
        assert all(each is not None for each in made)

    def test_makes_one_of_each(self) -> None:
        container = a_container()
        assert container.work().leases is container.heartbeat()
        source = container.sources()[SourceName.GRAPHQL]
        assert container.handle_delivery().breakers is source.breakers
        assert container.sources()[SourceName.REST].breakers is source.breakers
        assert container.work().sources[SourceName.GRAPHQL] is source
        assert container.shopify_rest().client.transport is container.shopify().client.transport
        assert container.orders().breakers is container.checkpoints().breakers
        assert container.work().publish.publisher is container.publisher()

    def test_gives_no_session_of_shopifys_to_downloads(self) -> None:
        container = a_container(source_initial="bulk")
        guarded = container.sources()[SourceName.BULK]
        assert guarded.breakers is container.breakers()
        bulk = container.bulk()
        assert guarded.source.source is bulk
        assert bulk.downloads.session is not bulk.operations.client.transport.session
        assert not bulk.downloads.plain

    def test_says_by_which_source_a_rate_limit_was_met(self) -> None:
        container = a_container()
        graphql, rest, bulk = container.shopify(), container.shopify_rest(), container.bulk()
        clients: tuple[Any, ...] = (graphql.client, rest.client, bulk.operations.client)
        assert tuple(client.attempts.source for client in clients) == tuple(SourceName)

    def test_sends_continuations_with_a_single_attempt(self) -> None:
        config = a_container().publisher().client.meta.config
        assert config.retries["total_max_attempts"] == 1  # type: ignore[attr-defined] # not in the stubs

    def test_names_the_variable_that_is_missing(self) -> None:
        with pytest.raises(SettingsError, match="SYNC_DLQ_URL is not set"):
            a_container(dlq_url=None).inbox()

    def test_needs_no_queue_for_what_uses_none(self) -> None:
        assert a_container(queue_url=None, dlq_url=None).checkpoints() is not None
