"""The one place where botocore's exceptions become ours; a leaf that sibling modules may import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeAlias

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from domain.failures import Permanent, Reason, Transient

AwsError: TypeAlias = "BotoCoreError | ClientError | ResponseParserError"
AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)


class Fault(StrEnum):
    """What went wrong with a call, by what to do next."""

    THROTTLED = "throttled"
    SERVER_ERROR = "server-error"
    CONNECTION = "connection"
    TIMED_OUT = "timed-out"
    CREDENTIALS_EXPIRED = "credentials-expired"
    CLOCK_SKEWED = "clock-skewed"
    REFUSED = "refused"

    @property
    def passes(self) -> bool:
        """Whether the same call may succeed a little later."""
        return not self.fatal

    @property
    def fatal(self) -> bool:
        """Whether no call will ever succeed, if this goes on, until a person mends something.

        Expired credentials are renewed by themselves where that is set up, and clocks are set
        right: only one that lasts is fatal.
        """
        return self in {Fault.CREDENTIALS_EXPIRED, Fault.CLOCK_SKEWED, Fault.REFUSED}


_THROTTLED = frozenset(
    {
        "KMS.ThrottlingException",
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_TIMED_OUT = frozenset({"RequestTimeout", "RequestTimeoutException"})
_CREDENTIALS_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
_CLOCK_SKEWED = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
_SERVER_ERROR = 500
_CLOCK_HINTS = ("Signature expired", "Signature not yet current")


def fault_of(error: AwsError) -> Fault:
    if isinstance(error, ClientError):
        return _fault_of_an_answer(error)
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return Fault.TIMED_OUT
    if isinstance(error, CredentialRetrievalError):
        return Fault.CREDENTIALS_EXPIRED
    if isinstance(error, NoCredentialsError | PartialCredentialsError | ParamValidationError):
        return Fault.REFUSED
    if isinstance(error, ResponseParserError):
        return Fault.SERVER_ERROR
    return Fault.CONNECTION


def code_of(error: AwsError) -> str:
    """AWS's error code, or the kind of exception where there was no answer."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or "Unknown")
    return type(error).__name__


def cancellation_codes(error: ClientError) -> list[str]:
    """Why a DynamoDB transaction was cancelled, a code for each of its items; "None" is no reason.

    Empty if the error is not about a cancelled transaction.
    """
    answer: Any = error.response
    return [str(reason.get("Code", "None")) for reason in answer.get("CancellationReasons", ())]


def failure(error: AwsError, what: str, reason: Reason) -> Permanent | Transient:
    """Our exception for botocore's; names what was called and AWS's code, never a value."""
    fault = fault_of(error)
    at = f" at {error.operation_name}" if isinstance(error, ClientError) else ""
    message = f"{what}: {code_of(error)}{at}{_hint(error, fault)}"
    kind = Permanent if fault is Fault.REFUSED else Transient
    return kind(reason, message)


@contextmanager
def translated(what: str, reason: Reason = Reason.DATABASE_ERROR) -> Iterator[None]:
    """Raise botocore's exceptions as `Permanent` or `Transient`, naming `what` was called."""
    try:
        yield
    except AWS_ERRORS as error:
        raise failure(error, what, reason) from error


def _fault_of_an_answer(error: ClientError) -> Fault:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLED or not _THROTTLED.isdisjoint(cancellation_codes(error)):
        return Fault.THROTTLED
    if code in _TIMED_OUT:
        return Fault.TIMED_OUT
    if code in _CLOCK_SKEWED or _by_the_clock(error):
        return Fault.CLOCK_SKEWED
    if code in _CREDENTIALS_EXPIRED:
        return Fault.CREDENTIALS_EXPIRED
    return Fault.SERVER_ERROR if status >= _SERVER_ERROR else Fault.REFUSED


def _by_the_clock(error: ClientError) -> bool:
    text = str(error.response.get("Error", {}).get("Message", ""))
    return text.startswith(_CLOCK_HINTS)


def _hint(error: AwsError, fault: Fault) -> str:
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return " (no complete AWS credentials were found)"
    if isinstance(error, EndpointConnectionError):
        return " (no connection: are AWS_REGION and AWS_ENDPOINT_URL right, and is it up?)"
    if fault is Fault.CLOCK_SKEWED:
        return " (is this machine's clock right?)"
    return " (the AWS credentials have expired)" if fault is Fault.CREDENTIALS_EXPIRED else ""
