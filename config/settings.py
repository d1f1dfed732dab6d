"""The settings: read once from the environment, validated as a whole, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from config import values
from config.complaints import complaint
from domain.checkpoints import SourceName
from domain.messages import SyncType
from domain.policy import RunPolicy

PREFIX = "SYNC_"
OTHER_VARIABLES = frozenset({"SYNC_ACCESS_TOKEN"})
"""Read by a single command, not a setting of the daemon."""

Seconds: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
PageDelay: TypeAlias = Annotated[float | Literal["adaptive"], BeforeValidator(values.page_delay)]
QueueUrl: TypeAlias = Annotated[str, AfterValidator(values.queue_url)]
TableName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]
Source: TypeAlias = Literal["graphql", "rest", "bulk"]


class SettingsError(Exception):
    """The environment does not make sense; the text says which variable and what is allowed."""


class Settings(BaseSettings):
    """Every setting under its variable's name without the prefix, in lower case."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True
    )

    queue_url: QueueUrl | None = None
    dlq_url: QueueUrl | None = None
    checkpoints_table: TableName = "sync_checkpoints"
    orders_table: TableName = "orders"
    shops_table: TableName = "shops"

    shopify_url: Annotated[str, AfterValidator(values.shopify_url)] = "https://{shop}"
    shopify_api_version: str = Field("2026-10", pattern=r"^(20\d\d-(01|04|07|10)|unstable)$")
    shopify_client_id: str | None = None
    shopify_client_secret: SecretStr | None = None
    tokens_kms_key: str | None = Field(None, pattern=r"^[!-~]{1,2048}$")
    customer_data: Literal["minimal", "full"] = "minimal"

    source_initial: Source = "graphql"
    source_manual: Source = "graphql"
    source_daily: Source = "graphql"
    page_size: int = Field(250, ge=1, le=250)
    page_delay_initial: PageDelay = 120
    page_delay_manual: PageDelay = 120
    page_delay_daily: PageDelay = 30
    order_writes: Literal["batch", "transaction"] = "batch"

    shopify_timeout: Seconds = Field(30, ge=1, le=300)
    retries: int = Field(3, ge=0, le=10)
    max_attempts: int = Field(8, ge=1, le=1000)
    visibility_timeout: Seconds = Field(120, ge=5, le=43_200)
    workers: int = Field(8, ge=1, le=64)
    checkpoint_ttl_days: int = Field(7, ge=1, le=365)
    daily_overlap: Seconds = Field(900, ge=0, le=7 * 86_400)
    stall_grace: Seconds = Field(300, ge=1, le=86_400)
    shutdown_grace: Seconds = Field(25, ge=1, le=3600)

    http_host: str = "127.0.0.1"
    http_port: int = Field(9090, ge=0, le=65_535)
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _holds_together(self) -> Settings:
        if self.queue_url is not None and self.queue_url == self.dlq_url:
            raise ValueError(
                "SYNC_QUEUE_URL and SYNC_DLQ_URL name the same queue: a dead-lettered message "
                "would be consumed again at once"
            )
        if (self.shopify_client_id is None) != (self.shopify_client_secret is None):
            raise ValueError(
                "SYNC_SHOPIFY_CLIENT_ID and SYNC_SHOPIFY_CLIENT_SECRET go together: set both or "
                "neither"
            )
        return self

    @property
    def visibility(self) -> timedelta:
        return timedelta(seconds=self.visibility_timeout)

    @property
    def long_poll(self) -> timedelta:
        """Whole seconds: SQS takes no others. Short enough that a stop is not held up by it."""
        return timedelta(seconds=int(min(10.0, self.visibility_timeout / 2, self.shutdown_grace)))

    @property
    def checkpoint_ttl(self) -> timedelta:
        return timedelta(days=self.checkpoint_ttl_days)

    @property
    def connections(self) -> int:
        """Connections a client may keep open: the workers', the heartbeat's, the poller's, two."""
        return self.workers + 4

    @property
    def page_delays(self) -> Mapping[SyncType, timedelta | None]:
        """Before the next page; None means as soon as the shop's rate limit allows."""
        return {
            SyncType.INITIAL: _delay(self.page_delay_initial),
            SyncType.MANUAL: _delay(self.page_delay_manual),
            SyncType.DAILY: _delay(self.page_delay_daily),
        }

    @property
    def client_secret(self) -> str | None:
        """The app's own secret, for the one call that carries it."""
        secret = self.shopify_client_secret
        return None if secret is None else secret.get_secret_value()

    @property
    def plain_downloads(self) -> bool:
        """Only a Shopify that is itself reached by plain HTTP may name files to be so, too."""
        return values.is_plain(self.shopify_url)

    @property
    def policy(self) -> RunPolicy:
        return RunPolicy(
            page_size=self.page_size,
            page_delays=self.page_delays,
            sources=self.sources,
            visibility=self.visibility,
            stall_grace=timedelta(seconds=self.stall_grace),
            max_attempts=self.max_attempts,
            daily_overlap=timedelta(seconds=self.daily_overlap),
        )

    @property
    def sources(self) -> Mapping[SyncType, SourceName]:
        return {
            SyncType.INITIAL: SourceName(self.source_initial),
            SyncType.MANUAL: SourceName(self.source_manual),
            SyncType.DAILY: SourceName(self.source_daily),
        }


def _delay(value: float | Literal["adaptive"]) -> timedelta | None:
    return None if value == "adaptive" else timedelta(seconds=value)


def load(**overrides: Any) -> Settings:
    """The settings of this process's environment; raises SettingsError with one clear text."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = dict.fromkeys(complaint(PREFIX, details) for details in error.errors())
        raise SettingsError("; ".join(problems)) from None


def required(variable: str, value: str | None) -> str:
    """The value of a setting that only some commands need; SettingsError if it is not set."""
    if value is None:
        raise SettingsError(f"{variable} is not set: this command needs it")
    return value


def unknown_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Variables that look like settings but are none: most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | OTHER_VARIABLES
    return tuple(
        sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    )
