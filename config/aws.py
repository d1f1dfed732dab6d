"""The session with AWS, and SQS clients of it.

Threads may share clients but not a session: all clients are made before any thread is started.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from adapters.sqs_clients import queue_client, receive_config, send_config, settle_config
from adapters.token_vault import DataKeys, KmsVault, OpenVault, TokenVault
from config.settings import SettingsError
from domain.ports import Clock

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs import SQSClient


def session() -> Session:
    """A new session in the region of `AWS_REGION`, which botocore by itself does not read.

    Raises SettingsError if neither that nor any other of AWS's own settings names a region.
    """
    made = Session(region_name=os.environ.get("AWS_REGION") or None)
    if made.region_name is None:
        raise SettingsError("AWS_REGION is not set: AWS has to be asked in some region")
    return made


def receiving_client(session: Session, long_poll: timedelta) -> SQSClient:
    return queue_client(session, receive_config(long_poll))


def settling_client(session: Session, connections: int) -> SQSClient:
    return queue_client(session, settle_config(connections))


def sending_client(session: Session, connections: int) -> SQSClient:
    return queue_client(session, send_config(connections))


def token_vault(
    session: Callable[[], Session], key: str | None, connections: int, clock: Clock
) -> TokenVault:
    """How tokens are stored: sealed with the KMS key if there is one."""
    if key is None:
        return OpenVault()
    config = Config(
        retries={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=connections,
        connect_timeout=3,
        read_timeout=5,
    )
    return KmsVault(session().client("kms", config=config), key, DataKeys(clock))
