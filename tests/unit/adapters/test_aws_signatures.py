"""Signatures are botocore's, whatever is signed with whichever credentials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from adapters.aws_signatures import Signer

REGION = "eu-west-1"
JSON = "application/x-amz-json-1.0"
words = st.text(
    st.characters(codec="ascii", exclude_characters=" \r\n\t", min_codepoint=33), min_size=1
)
instants = st.datetimes(datetime(2015, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


class TestSigner:
    @given(
        keys=st.tuples(words, words, st.none() | words),
        call=st.tuples(words, st.binary()),
        host=st.sampled_from(["dynamodb.eu-west-1.amazonaws.com", "127.0.0.1:4566", "[::1]:1"]),
        now=instants,
        query_mode=st.booleans(),
    )
    def test_signs_as_botocore_does(
        self,
        keys: tuple[str, str, str | None],
        call: tuple[str, bytes],
        host: str,
        now: datetime,
        *,
        query_mode: bool,
    ) -> None:
        target, body = call
        credentials = Credentials(*keys)
        signer = Signer(credentials, REGION, "sqs", host, JSON, query_mode, lambda: now)
        ours = signer.signed(target, body)
        assert ours == by_botocore(credentials, host, ours, body)

    def test_asks_for_the_credentials_each_time(self) -> None:
        credentials = Credentials("before", "secret")
        signer = Signer(credentials, REGION, "sqs", "sqs", JSON)
        assert "Credential=before/" in signer.signed("t", b"")["Authorization"]
        credentials.access_key = "after"
        assert "Credential=after/" in signer.signed("t", b"")["Authorization"]

    def test_does_not_show_the_credentials(self) -> None:
        assert "secret" not in repr(Signer(Credentials("a", "secret"), "r", "s", "h", JSON))


def by_botocore(
    credentials: Credentials, host: str, ours: dict[str, str], body: bytes
) -> dict[str, str]:
    """Our headers, signed by botocore."""
    unsigned = {
        name: value
        for name, value in ours.items()
        if name not in {"Authorization", "X-Amz-Security-Token", "X-Amz-Date"}
    }
    request: Any = AWSRequest("POST", f"https://{host}/", headers=unsigned, data=body)
    with pytest.MonkeyPatch.context() as patch:
        moment = datetime.strptime(ours["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        patch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: moment)
        SigV4Auth(credentials, "sqs", REGION).add_auth(request)
    return dict(request.headers.items())
