"""The settings: what is taken, what is derived, what is refused and how."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import OTHER_VARIABLES, Settings, SettingsError, load, unknown_variables
from domain.checkpoints import SourceName
from domain.messages import SyncType

EXAMPLE = Path(__file__).parents[3] / ".env.example"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/shopify-sync"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SYNC_{name.upper()}", raising=False)


class TestSettings:
    def test_need_nothing_to_be_loaded(self) -> None:
        assert load().page_size == 250

    def test_are_frozen(self) -> None:
        with pytest.raises(ValidationError):
            load().page_size = 10

    def test_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYNC_PAGE_DELAY_DAILY", "0.5")
        monkeypatch.setenv("SYNC_PAGE_DELAY_MANUAL", "adaptive")
        assert load().page_delays == {
            SyncType.INITIAL: timedelta(seconds=120),
            SyncType.MANUAL: None,
            SyncType.DAILY: timedelta(seconds=0.5),
        }

    def test_choose_a_source_for_each_kind_of_sync(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYNC_SOURCE_INITIAL", "rest")
        assert load().sources == {
            SyncType.INITIAL: SourceName.REST,
            SyncType.MANUAL: SourceName.GRAPHQL,
            SyncType.DAILY: SourceName.GRAPHQL,
        }

    def test_take_an_empty_variable_for_an_absent_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SYNC_WORKERS", "")
        assert load().workers == 8

    @pytest.mark.parametrize(
        ("visibility", "grace", "wait"), [(120, 25, 10), (5, 25, 2), (120, 1, 1), (43_200, 7, 7)]
    )
    def test_derive_the_long_poll(self, visibility: float, grace: float, wait: float) -> None:
        settings = load(visibility_timeout=visibility, shutdown_grace=grace)
        assert settings.long_poll == timedelta(seconds=wait)

    def test_derive_the_connections_from_the_workers(self) -> None:
        assert load(workers=64).connections > 64

    def test_notice_misspelt_variables(self) -> None:
        environment = {"SYNC_PAGE_SIZ": "1", "SYNC_PAGE_SIZE": "1", "PATH": "/bin"}
        assert unknown_variables(environment) == ("SYNC_PAGE_SIZ",)


REFUSED = [
    ("SYNC_PAGE_SIZE", "251", "SYNC_PAGE_SIZE='251' must be at most 250"),
    ("SYNC_PAGE_SIZE", "0", "SYNC_PAGE_SIZE='0' must be at least 1"),
    ("SYNC_PAGE_SIZE", "2.5", "must be a whole number"),
    ("SYNC_PAGE_DELAY_INITIAL", "901", "must be seconds from 0 to 900, or adaptive"),
    ("SYNC_PAGE_DELAY_INITIAL", "soon", "must be seconds from 0 to 900, or adaptive"),
    ("SYNC_PAGE_DELAY_INITIAL", "nan", "must be seconds from 0 to 900, or adaptive"),
    ("SYNC_VISIBILITY_TIMEOUT", "4.9", "must be at least 5"),
    ("SYNC_VISIBILITY_TIMEOUT", "inf", "must be a number"),
    ("SYNC_SHOPIFY_TIMEOUT", "301", "must be at most 300"),
    ("SYNC_STALL_GRACE", "0.5", "must be at least 1"),
    ("SYNC_WORKERS", "65", "must be at most 64"),
    ("SYNC_WORKERS", "many", "SYNC_WORKERS='many' must be a whole number"),
    ("SYNC_LOG_FORMAT", "xml", "must be 'json' or 'console'"),
    ("SYNC_ORDER_WRITES", "fast", "must be 'batch' or 'transaction'"),
    ("SYNC_SOURCE_DAILY", "soap", "must be 'graphql', 'rest' or 'bulk'"),
    ("SYNC_TOKENS_KMS_KEY", "two words", "must match"),
    ("SYNC_QUEUE_URL", "orders", "must be a queue's URL"),
    ("SYNC_QUEUE_URL", f"{QUEUE}.fifo", "is a FIFO queue, which has no delay per message"),
    ("SYNC_SHOPIFY_URL", "https://shopify.example", "must be a URL with {shop} in it"),
    ("SYNC_SHOPIFY_URL", "https://me:hush@{shop}", "'https://…@{shop}' must not hold a user or a"),
    ("SYNC_SHOPIFY_API_VERSION", "2026-11", "must match"),
    ("SYNC_ORDERS_TABLE", "my orders", "must match"),
]


class TestABadValue:
    @pytest.mark.parametrize(("variable", "value", "words"), REFUSED)
    def test_is_refused_in_one_line_that_says_what_is_allowed(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
    ) -> None:
        monkeypatch.setenv(variable, value)
        with pytest.raises(SettingsError) as refusal:
            load()
        text = str(refusal.value)
        assert variable in text
        assert words in text
        assert "\n" not in text

    def test_does_not_hide_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYNC_WORKERS", "0")
        monkeypatch.setenv("SYNC_PAGE_SIZE", "0")
        with pytest.raises(SettingsError, match=r"SYNC_PAGE_SIZE.*; SYNC_WORKERS"):
            load()

    def test_never_echoes_a_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYNC_SHOPIFY_CLIENT_SECRET", "hush")
        with pytest.raises(SettingsError) as refusal:
            load()
        assert "hush" not in str(refusal.value)
        assert "hush" not in repr(load(shopify_client_id="id"))


class TestAContradiction:
    def test_between_the_queues_names_both(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYNC_QUEUE_URL", QUEUE)
        monkeypatch.setenv("SYNC_DLQ_URL", QUEUE)
        with pytest.raises(SettingsError, match=r"^SYNC_QUEUE_URL and SYNC_DLQ_URL name the same"):
            load()

    def test_between_the_client_id_and_its_secret_names_both(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SYNC_SHOPIFY_CLIENT_ID", "id")
        with pytest.raises(SettingsError, match="SYNC_SHOPIFY_CLIENT_ID and SYNC_SHOPIFY_CLIENT_S"):
            load()


class TestTheExampleFile:
    def test_names_every_setting_and_no_other(self) -> None:
        named = set(re.findall(r"^(?:# )?(SYNC_\w+)=", EXAMPLE.read_text(), flags=re.MULTILINE))
        settings = {f"SYNC_{name.upper()}" for name in Settings.model_fields}
        assert named == settings
        assert not settings & OTHER_VARIABLES

    def test_shows_the_defaults(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shown = re.findall(r"^(SYNC_\w+)=(.*)$", EXAMPLE.read_text(), flags=re.MULTILINE)
        defaults = load()
        for name, value in shown:
            monkeypatch.setenv(name, value)
        assert load().model_copy(update={"queue_url": None, "dlq_url": None}) == defaults
