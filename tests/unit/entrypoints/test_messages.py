"""Messages on the wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import (
    Continuation,
    Message,
    PurgeRequest,
    RedactRequest,
    RetryBatch,
    RunKey,
    SyncRequest,
    SyncType,
)
from entrypoints.messages import InvalidMessage, decode, encode, message_type

KEY = RunKey("merchant-1", SyncType.MANUAL)
REPEATABLE = settings(derandomize=True, deadline=None, max_examples=50)
SECRET = "customer@example.com"
LONG_AGO = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)


def body(**fields: Any) -> str:
    """A valid request, with these fields changed or added."""
    return json.dumps({"type": "sync-page", "userId": "merchant-1", "syncType": "manual", **fields})


def refusal(text: str) -> str:
    """Why the text is no message of ours."""
    with pytest.raises(InvalidMessage) as caught:
        decode(text, "message-1")
    return str(caught.value)


GOLDEN = {
    "the least there is": (
        '{"type":"sync-page","userId":"merchant-1","syncType":"manual"}',
        SyncRequest(KEY, "message-1"),
    ),
    "as JSON.stringify writes it": (
        '{"type":"sync-page","userId":"merchant-1","syncType":"manual","requestId":"5f0c1f7e"}',
        SyncRequest(KEY, "5f0c1f7e"),
    ),
    "everything, in another order": (
        (
            '{ "updatedSince": "2026-01-31T11:30:00.000+01:00", "mode": "restart",\n'
            '  "requestId": "r-1", "resource": "orders", "version": 1,\n'
            '  "syncType": "manual", "userId": "merchant-1", "type": "sync-page" }'
        ),
        SyncRequest(KEY, "r-1", restart=True, updated_since=LONG_AGO),
    ),
    "a purge": (
        '{"type":"purge-user","userId":"merchant-1"}',
        PurgeRequest("merchant-1", "message-1"),
    ),
    "a purge with an id": (
        '{"type":"purge-user","userId":"merchant-1","requestId":"w-1","syncType":"never"}',
        PurgeRequest("merchant-1", "w-1"),
    ),
    "a redaction with numbers, as Shopify's webhooks have them": (
        (
            '{"type":"redact-customer","userId":"merchant-1","customerId":6100000000007,'
            '"orderIds":[820982911946154508, "12"]}'
        ),
        RedactRequest("merchant-1", "6100000000007", ("820982911946154508", "12")),
    ),
    "a redaction with texts": (
        '{"type":"redact-customer","userId":"merchant-1","customerId":"7","orderIds":null}',
        RedactRequest("merchant-1", "7"),
    ),
    "null where nothing is meant": (
        (
            '{"type":"sync-page","userId":"merchant-1","syncType":"manual","version":null,'
            '"resource":null,"requestId":null,"mode":null,"updatedSince":null,"chainId":null,'
            '"page":null}'
        ),
        SyncRequest(KEY, "message-1"),
    ),
    "what the daemon does not know": (
        (
            '{"type":"sync-page","userId":"merchant-1","syncType":"manual","mode":"resume",'
            '"shop":{"plan":[1.5,true,null]},"batchId":7,"traceparent":"00-1"}'
        ),
        SyncRequest(KEY, "message-1"),
    ),
    "a user id in another script": (
        '{"type":"sync-page","userId":"h\\u00e4ndler-商店","syncType":"daily"}',
        SyncRequest(RunKey("händler-商店", SyncType.DAILY), "message-1"),
    ),
    "toISOString": (
        (
            '{"type":"sync-page","userId":"merchant-1","syncType":"manual",'
            '"updatedSince":"2026-01-31T10:30:00.000Z"}'
        ),
        SyncRequest(KEY, "message-1", updated_since=LONG_AGO),
    ),
    "a continuation of the daemon's": (
        '{"type":"sync-page","userId":"merchant-1","syncType":"manual","chainId":"c-1","page":7}',
        Continuation(KEY, "c-1", 7),
    ),
    "all failed batches": (
        '{"type":"retry-batch","userId":"merchant-1","syncType":"manual","resource":"orders"}',
        RetryBatch(KEY),
    ),
    "one failed batch": (
        (
            '{"batchId":"manual#01J#3#1_failed_orders","type":"retry-batch","syncType":"manual",'
            '"userId":"merchant-1"}'
        ),
        RetryBatch(KEY, "manual#01J#3#1_failed_orders"),
    ),
}

MALFORMED = {
    "nothing": "",
    "white space": " \n",
    "not JSON": "not json {",
    "single quotes": "{'type': 'sync-page'}",
    "half of it": body()[:-1],
    "two of them": body() + body(),
    "a byte order mark": "\ufeff" + body(),
    "an array": f"[{body()}]",
    "a text": '"sync-page"',
    "a number": "1",
    "null": "null",
    "true": "true",
    "an empty object": "{}",
    "JSON in JSON": json.dumps(body()),
    "too many brackets": "[" * 100_000,
    "as many as are read": "[" * 60_000,
    "a deep object": '{"a":' * 10_000,
    "a mebibyte": body(padding="x" * 1_048_576),
    "a name twice": '{"userId":"a",' + body()[1:],
    "a name twice deep down": body()[:-1] + ',"x":[{"a":1,"a":2}]}',
    "NaN": body()[:-1] + ',"x":NaN}',
    "Infinity": body()[:-1] + ',"x":-Infinity}',
    "a huge number": body()[:-1] + ',"x":1e400}',
    "an endless number": body()[:-1] + f',"x":{"1" * 5000}}}',
    "a raw control character": body(userId="a\nb").replace("\\n", "\n"),
    "a raw NUL": "\x00" + body(),
    "a raw lone surrogate": "\ud800",
}

WRONG_FIELDS: list[tuple[str, Any]] = [
    ("type", None),
    ("type", "sync-pages"),
    ("type", ["sync-page"]),
    ("type", {"sync-page": 1}),
    ("userId", None),
    ("userId", 5),
    ("userId", ""),
    ("userId", "a b"),
    ("userId", "a\n"),
    ("userId", "a\x00"),
    ("userId", "a\ud800"),
    ("userId", "x" * 129),
    ("userId", ["a"]),
    ("syncType", None),
    ("syncType", "Manual"),
    ("syncType", []),
    ("syncType", "weekly"),
    ("version", 2),
    ("version", 0),
    ("version", "1"),
    ("version", True),
    ("version", 1.0),
    ("resource", "products"),
    ("resource", ""),
    ("requestId", ""),
    ("requestId", "a b"),
    ("requestId", 7),
    ("requestId", "x" * 257),
    ("mode", "RESTART"),
    ("mode", True),
    ("updatedSince", "2026-01-31"),
    ("updatedSince", "2026-01-31T00:00:00"),
    ("updatedSince", "2026-02-30T00:00:00Z"),
    ("updatedSince", "2026-01-31T00:00:00+25:00"),
    ("updatedSince", "2026-01-31T00:00:00+00:60"),
    ("updatedSince", "0001-01-01T00:00:00+14:00"),
    ("updatedSince", "1899-12-31T00:00:00Z"),
    ("updatedSince", "9999-12-31T23:59:59-14:00"),
    ("updatedSince", "yesterday"),
    ("updatedSince", 1_770_000_000),
    ("updatedSince", ""),
]

WRONG_PAGES: list[Any] = ["3", True, 1.0, 0, -1, 10**12, [1]]


class TestDecode:
    @pytest.mark.parametrize("name", GOLDEN)
    def test_reads_what_other_services_send(self, name: str) -> None:
        text, message = GOLDEN[name]
        assert decode(text, "message-1") == message

    @pytest.mark.parametrize("name", MALFORMED)
    def test_refuses_what_is_not_a_json_object(self, name: str) -> None:
        text = refusal(MALFORMED[name])
        assert text
        assert len(text) <= 512

    @pytest.mark.parametrize(("field", "value"), WRONG_FIELDS)
    def test_names_the_field_that_is_wrong_and_what_is_allowed(
        self, field: str, value: Any
    ) -> None:
        text = refusal(body(**{field: value}))
        assert text.startswith(f"{field} ")
        assert "must be" in text

    @pytest.mark.parametrize("page", WRONG_PAGES)
    def test_takes_a_whole_number_as_a_page_only(self, page: Any) -> None:
        assert refusal(body(chainId="c-1", page=page)).startswith("page must be")

    @pytest.mark.parametrize("fields", [{"chainId": "c-1"}, {"page": 2}])
    def test_takes_chain_and_page_together_only(self, fields: dict[str, Any]) -> None:
        assert "go together" in refusal(body(**fields))

    @pytest.mark.parametrize("batch_id", ["", "a b", 5, "x" * 1025])
    def test_refuses_a_batch_id_that_is_none(self, batch_id: Any) -> None:
        assert refusal(body(type="retry-batch", batchId=batch_id)).startswith("batchId must be")

    def test_names_every_field_that_is_missing(self) -> None:
        text = refusal('{"type":"retry-batch"}')
        assert "userId is missing" in text
        assert "syncType is missing" in text

    @pytest.mark.parametrize("field", ["userId", "syncType", "mode", "updatedSince", "page"])
    def test_never_repeats_what_the_body_holds(self, field: str) -> None:
        assert "customer" not in refusal(body(**{field: f"{SECRET} {SECRET}", SECRET: 1}))

    def test_says_so_when_it_is_wrong_about_everything(self) -> None:
        wrong = dict.fromkeys(("userId", "syncType", "version", "resource", "requestId", "mode"), 7)
        assert len(refusal(body(**wrong, updatedSince=7, chainId=7, page="7"))) <= 512

    @REPEATABLE
    @given(st.text())
    def test_refuses_any_text(self, text: str) -> None:
        assert refusal(text)

    @REPEATABLE
    @given(
        st.dictionaries(
            st.sampled_from(["type", "userId", "syncType", "page", "chainId", "mode", "x"]),
            st.none() | st.booleans() | st.integers() | st.text() | st.just("sync-page"),
        )
    )
    def test_ends_in_a_message_or_a_refusal(self, fields: dict[str, Any]) -> None:
        try:
            decode(json.dumps(fields), "message-1")
        except InvalidMessage as error:
            assert len(str(error)) <= 512  # noqa: PT017 - either end is fine


KEYS = st.builds(
    RunKey, st.from_regex(r"[a-z0-9ä商🙂#-]{1,128}", fullmatch=True), st.sampled_from(SyncType)
)
IDS = st.from_regex(r"[!-~]{1,128}", fullmatch=True)
INSTANTS = st.datetimes(
    datetime(2000, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2100, 12, 30),  # noqa: DTZ001 - same
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9.5))]),
)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(SyncRequest, KEYS, IDS, st.booleans(), st.none() | INSTANTS),
    st.builds(Continuation, KEYS, IDS, st.integers(1, 10_000_000)),
    st.builds(RetryBatch, KEYS, st.none() | IDS),
)


class TestEncode:
    @REPEATABLE
    @given(MESSAGES)
    def test_writes_what_reads_the_same(self, message: Message) -> None:
        assert decode(encode(message), "message-1") == message

    @pytest.mark.parametrize(
        ("message", "text"),
        [
            (
                SyncRequest(KEY, "r-1"),
                '{"type":"sync-page","userId":"merchant-1","syncType":"manual","requestId":"r-1"}',
            ),
            (
                SyncRequest(KEY, "r-1", restart=True, updated_since=LONG_AGO),
                (
                    '{"type":"sync-page","userId":"merchant-1","syncType":"manual","requestId":"r-1",'
                    '"mode":"restart","updatedSince":"2026-01-31T10:30:00Z"}'
                ),
            ),
            (
                Continuation(KEY, "c-1", 7),
                (
                    '{"type":"sync-page","userId":"merchant-1","syncType":"manual","chainId":"c-1",'
                    '"page":7}'
                ),
            ),
            (RetryBatch(KEY), '{"type":"retry-batch","userId":"merchant-1","syncType":"manual"}'),
        ],
    )
    def test_writes_compact_json_without_defaults(self, message: Message, text: str) -> None:
        assert encode(message) == text

    def test_writes_ascii(self) -> None:
        assert encode(RetryBatch(RunKey("商店", SyncType.DAILY))).isascii()


class TestMessageType:
    def test_is_the_types_name_on_the_wire(self) -> None:
        assert message_type(RetryBatch(KEY)) == "retry-batch"
        assert message_type(Continuation(KEY, "c-1", 1)) == "sync-page"


class TestAnErasure:
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({}, "customerId is missing and"),
            ({"customerId": None}, "customerId"),
            ({"customerId": "Ada"}, "customerId"),
            ({"customerId": 1.5}, "customerId"),
            ({"customerId": True}, "customerId"),
            ({"customerId": "gid://shopify/Customer/7"}, "customerId"),
            ({"customerId": "7", "orderIds": "1"}, "orderIds"),
            ({"customerId": "7", "orderIds": ["x"]}, "orderIds"),
            ({"customerId": "7", "orderIds": ["1"] * 2001}, "orderIds"),
            ({"customerId": "7", "userId": ""}, "userId"),
        ],
    )
    def test_that_is_none_is_refused_by_the_field(self, fields: Any, field: str) -> None:
        text = json.dumps({"type": "redact-customer", "userId": "merchant-1", **fields})
        assert refusal(text).startswith(field)

    @pytest.mark.parametrize(
        "message",
        [PurgeRequest("m", "r"), RedactRequest("m", "7"), RedactRequest("m", "7", ("1", "2"))],
    )
    def test_comes_back_as_it_was(self, message: Message) -> None:
        assert decode(encode(message), "another") == message
        assert message_type(message) in encode(message)
