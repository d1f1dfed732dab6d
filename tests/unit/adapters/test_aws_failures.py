"""Botocore's exceptions as ours."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from adapters.aws_failures import AwsError, Fault, cancellation_codes, fault_of, translated
from domain.failures import Failure, Permanent, Reason, Transient

URL = "http://127.0.0.1:1"


def answered(code: str, message: str = "", status: int = 400, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, "UpdateItem")


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return answered("TransactionCanceledException", CancellationReasons=reasons)


class TestAFault:
    @pytest.mark.parametrize(
        ("error", "fault"),
        [
            (answered("KmsThrottled"), Fault.THROTTLED),
            (answered("ProvisionedThroughputExceededException"), Fault.THROTTLED),
            (answered("ThrottlingException"), Fault.THROTTLED),
            (answered("RequestLimitExceeded"), Fault.THROTTLED),
            (answered("TransactionConflictException"), Fault.THROTTLED),
            (cancelled("None", "TransactionConflict"), Fault.THROTTLED),
            (cancelled("ThrottlingError"), Fault.THROTTLED),
            (cancelled("ValidationError"), Fault.REFUSED),
            (answered("InternalServerError", status=500), Fault.SERVER_ERROR),
            (answered("503", status=503), Fault.SERVER_ERROR),
            (ResponseParserError("<html>"), Fault.SERVER_ERROR),
            (answered("RequestTimeout"), Fault.TIMED_OUT),
            (ReadTimeoutError(endpoint_url=URL), Fault.TIMED_OUT),
            (ConnectTimeoutError(endpoint_url=URL), Fault.TIMED_OUT),
            (EndpointConnectionError(endpoint_url=URL), Fault.CONNECTION),
            (answered("ExpiredTokenException"), Fault.CREDENTIALS_EXPIRED),
            (
                answered("InvalidSignatureException", "Signature expired: 2026 is now earlier"),
                Fault.CLOCK_SKEWED,
            ),
            (
                CredentialRetrievalError(provider="sso", error_msg="expired"),
                Fault.CREDENTIALS_EXPIRED,
            ),
            (answered("InvalidSignatureException", "does not match"), Fault.REFUSED),
            (answered("AccessDeniedException"), Fault.REFUSED),
            (answered("ValidationException"), Fault.REFUSED),
            (answered("UnrecognizedClientException"), Fault.REFUSED),
            (NoCredentialsError(), Fault.REFUSED),
            (ParamValidationError(report="secret"), Fault.REFUSED),
        ],
    )
    def test_says_what_to_do_next(self, error: AwsError, fault: Fault) -> None:
        assert fault_of(error) is fault


class TestAFailure:
    @pytest.mark.parametrize(
        ("error", "failure", "message"),
        [
            (
                answered("AccessDeniedException", "secret"),
                Permanent,
                "table orders: AccessDeniedException at UpdateItem",
            ),
            (
                answered("ExpiredToken"),
                Transient,
                "table orders: ExpiredToken at UpdateItem (the AWS credentials have expired)",
            ),
            (
                answered("RequestTimeTooSkewed"),
                Transient,
                "table orders: RequestTimeTooSkewed at UpdateItem (is this machine's clock right?)",
            ),
            (
                NoCredentialsError(),
                Permanent,
                "table orders: NoCredentialsError (no complete AWS credentials were found)",
            ),
            (ReadTimeoutError(endpoint_url=URL), Transient, "table orders: ReadTimeoutError"),
            (
                ParamValidationError(report="secret"),
                Permanent,
                "table orders: ParamValidationError",
            ),
        ],
    )
    def test_names_what_was_called_and_no_values(
        self, error: AwsError, failure: type[Failure], message: str
    ) -> None:
        with pytest.raises(failure) as caught, translated("table orders"):
            raise error
        assert caught.value.message == message
        assert caught.value.reason is Reason.DATABASE_ERROR
        assert caught.value.__cause__ is error

    def test_is_made_of_nothing_else(self) -> None:
        with pytest.raises(KeyError), translated("table orders"):
            raise KeyError("a bug")


class TestCancellationCodes:
    def test_are_those_of_a_cancelled_transaction(self) -> None:
        assert cancellation_codes(cancelled("None", "ThrottlingError")) == [
            "None",
            "ThrottlingError",
        ]
        assert cancellation_codes(answered("ThrottlingException")) == []
