"""Whatever arrives that is no message ends in the DLQ, unchanged, and the worker goes on."""

from __future__ import annotations

import json

from tests.e2e.running import wait_until
from tests.e2e.world import World

PAGE = {"type": "sync-page", "userId": "u", "syncType": "manual"}


def page(**changes: object) -> str:
    return json.dumps({**PAGE, **changes})


MALFORMED = [
    "not json {",
    "null",
    "[]",
    '"sync-page"',
    "{}",
    "42",
    '{"type": "sync-page"',
    "[" * 50_000,
    page(type="sync-everything"),
    page(type=None),
    page(userId=None),
    page(userId=""),
    page(userId=7),
    page(userId="two words"),
    page(userId="x" * 129),
    page(userId="line\nbreak"),
    page(userId={"$ne": None}),
    page(syncType="hourly"),
    page(syncType=["manual"]),
    page(mode="faster"),
    page(version=2),
    page(resource="customers"),
    page(updatedSince="yesterday"),
    page(updatedSince="2026-11-23T12:00:00"),
    page(chainId="c"),
    page(page=3),
    page(chainId="c", page="3"),
    page(chainId="c", page=0),
    page(chainId="c", page=True),
    page(chainId="c", page=10**30),
    page(requestId=["x"]),
    json.dumps({"type": "retry-batch", "userId": "u"}),
    json.dumps({"type": "retry-batch", "userId": "u", "syncType": "manual", "batchId": 5}),
    page(padding="x" * 200_000, userId="../../admin?shop=evil.example#" + " "),
    page(userId="evil\u0000user"),
]


class TestAMalformedMessage:
    def test_is_dead_lettered_unchanged_and_the_worker_goes_on(self, world: World) -> None:
        world.connect("after-malformed", "small-shop.myshopify.com")
        world.worker()
        for body in MALFORMED:
            world.publish(body)
        world.request("after-malformed")
        world.completed("after-malformed")
        wait_until(lambda: world.depth("SYNC_DLQ_URL") >= len(MALFORMED))
        letters = world.dead_letters()
        assert sorted(letter["Body"] for letter in letters) == sorted(MALFORMED)
        for letter in letters:
            attributes = {k: v["StringValue"] for k, v in letter["MessageAttributes"].items()}
            assert attributes["reason"] == "invalid-message"
            assert 0 < len(attributes["error"]) <= 512
            assert set(attributes) >= {"failedAt", "sourceMessageId", "receiveCount"}
        assert world.depth() == 0
