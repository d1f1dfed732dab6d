"""Bulk operations of the simulated Shopify: what they refuse, what they make, how it is served."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.shopify.bulk_plan import bulk_rows
from sandbox.shopify.faults import Fault
from sandbox.shopify.refusals import Refused
from tests.bulk import BulkBench, a_bulk_bench

SMALL = "{orders {edges {node {id name lineItems {edges {node {id sku}}}}}}}"
RUN = """mutation($q: String!, $g: Boolean! = false) {
  bulkOperationRunQuery(query: $q, groupObjects: $g) {
    bulkOperation {id status url} userErrors {message code field}}}"""
FIND = """query($id: ID!) {bulkOperation(id: $id) {
  status errorCode objectCount rootObjectCount fileSize url partialDataUrl query type createdAt
  completedAt}}"""


@pytest.fixture
def bench() -> Iterator[BulkBench]:
    with a_bulk_bench() as made:
        yield made


class Person:
    """Somebody who tries the API by hand."""

    def __init__(self, bench: BulkBench) -> None:
        self.bench = bench

    def ask(self, query: str, **variables: Any) -> Any:
        response = requests.post(
            f"{self.bench.server.url}/{self.bench.shop.shop}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.bench.shop.access_token},
            timeout=10,
        )
        return response.json()

    def submits(self, query: str = SMALL, *, grouped: bool = False) -> Any:
        return self.ask(RUN, q=query, g=grouped)["data"]["bulkOperationRunQuery"]

    def result(self, query: str = SMALL, *, grouped: bool = False) -> Any:
        """The operation, once enough time has passed for it."""
        gid = self.submits(query, grouped=grouped)["bulkOperation"]["id"]
        self.bench.passes(10)
        return self.ask(FIND, id=gid)["data"]["bulkOperation"]

    def lines(self, operation: Any) -> list[dict[str, Any]]:
        text = requests.get(operation["url"], timeout=10).text
        return [json.loads(line) for line in text.splitlines()]


class TestABulkQuery:
    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("{orders {nodes {id}}}", "must select their contents using 'edges' > 'node'"),
            ("{shop {name}}", "must contain at least one connection"),
            ('{node(id: "x") {id}}', "cannot contain a top level `node` field"),
            (
                "{orders {edges {node {lineItems {edges {node {id}}}}}}}",
                "must select the 'id' field without an alias",
            ),
            (
                "{orders {edges {node {id refunds {refundLineItems {edges {node {id}}}}}}}}",
                "a connection field within a list field",
            ),
            ("{orders {edges {node {nothing}}}}", "Invalid bulk query: Field 'nothing'"),
            ("mutation {bulkOperationCancel(id: 1) {userErrors {message}}}", "Only `query`"),
            ("{orders {", "Invalid bulk query: Syntax Error"),
            (
                "{orders {edges {node {id "
                + " ".join(f"l{n}: lineItems {{edges {{node {{id}}}}}}" for n in range(5))
                + "}}}}",
                "cannot contain more than 5 connections",
            ),
        ],
    )
    def test_is_refused_as_shopify_refuses_it(
        self, bench: BulkBench, query: str, said: str
    ) -> None:
        answer = Person(bench).submits(query)
        assert answer["bulkOperation"] is None
        (error,) = answer["userErrors"]
        assert said in error["message"]
        assert (error["code"], error["field"]) == ("INVALID", ["query"])

    def test_is_no_deeper_than_two_connections(self) -> None:
        deep = "{orders {edges {node {id transactions: fulfillmentOrders {edges {node {id}}}}}}}"
        with pytest.raises(Refused, match="doesn't exist"):
            bulk_rows(deep)

    def test_runs_with_four_others_at_most(self, bench: BulkBench) -> None:
        person = Person(bench)
        first, *_ = [person.submits()["bulkOperation"]["id"] for _ in range(5)]
        (error,) = person.submits()["userErrors"]
        assert error["code"] == "OPERATION_IN_PROGRESS"
        assert error["message"] == (
            f"A bulk query operation for this app and shop is already in progress: {first}."
        )
        bench.passes(10)
        assert person.submits()["userErrors"] == []


class TestAnOperation:
    def test_is_created_then_runs_then_is_completed(self, bench: BulkBench) -> None:
        person = Person(bench)
        gid = person.submits()["bulkOperation"]["id"]
        seen = []
        for _ in range(3):
            seen.append(person.ask(FIND, id=gid)["data"]["bulkOperation"])
            bench.passes(1.5)
        assert [each["status"] for each in seen] == ["CREATED", "RUNNING", "COMPLETED"]
        assert [each["url"] is None for each in seen] == [True, True, False]
        assert seen[-1]["rootObjectCount"] == "45"
        assert seen[-1]["query"] == SMALL
        assert seen[-1]["completedAt"] > seen[-1]["createdAt"]

    def test_counts_in_strings(self, bench: BulkBench) -> None:
        person = Person(bench)
        done = person.result()
        lines = person.lines(done)
        assert done["objectCount"] == str(len(lines))
        assert done["fileSize"] == str(len(requests.get(done["url"], timeout=10).content))

    def test_has_no_url_without_objects(self, bench: BulkBench) -> None:
        done = Person(bench).result(SMALL.replace("orders", 'orders(query: "id:1")'))
        assert (done["status"], done["objectCount"], done["url"]) == ("COMPLETED", "0", None)

    def test_can_be_cancelled_while_it_goes_on(self, bench: BulkBench) -> None:
        person = Person(bench)
        cancel = """mutation($id: ID!) {bulkOperationCancel(id: $id) {
            bulkOperation {status} userErrors {message}}}"""
        gid = person.submits()["bulkOperation"]["id"]
        assert person.ask(cancel, id=gid)["data"]["bulkOperationCancel"]["userErrors"] == []
        assert person.ask(FIND, id=gid)["data"]["bulkOperation"]["status"] == "CANCELED"
        (error,) = person.ask(cancel, id=gid)["data"]["bulkOperationCancel"]["userErrors"]
        assert error["message"] == "A bulk operation cannot be canceled when it is canceled"

    def test_is_found_in_the_list_and_as_a_node(self, bench: BulkBench) -> None:
        person = Person(bench)
        gids = [person.submits()["bulkOperation"]["id"] for _ in range(3)]
        listed = person.ask("{bulkOperations(first: 2, reverse: true) {nodes {id}}}")
        assert [n["id"] for n in listed["data"]["bulkOperations"]["nodes"]] == gids[:0:-1]
        node = person.ask(
            "query($id: ID!) {node(id: $id) {... on BulkOperation {status}}}", id=gids[0]
        )
        assert node["data"]["node"] == {"status": "CREATED"}

    def test_offers_a_part_of_the_data_when_it_fails(self, bench: BulkBench) -> None:
        bench.meets(Fault.BULK_FAILS)
        done = Person(bench).result()
        assert (done["status"], done["errorCode"]) == ("FAILED", "INTERNAL_SERVER_ERROR")
        assert done["url"] is None
        part = requests.get(done["partialDataUrl"], timeout=10)
        assert part.status_code == 206
        assert part.content


class TestTheFile:
    def test_has_children_right_after_their_parents_if_asked_so(self, bench: BulkBench) -> None:
        person = Person(bench)
        parent = None
        for line in person.lines(person.result(grouped=True)):
            if "__parentId" in line:
                assert line["__parentId"] == parent
            else:
                parent = line["id"]

    def test_has_children_anywhere_otherwise(self, bench: BulkBench) -> None:
        person = Person(bench)
        seen: set[str] = set()
        strays = 0
        for line in person.lines(person.result()):
            strays += "__parentId" in line and line["__parentId"] not in seen
            seen.add(line["id"])
        assert strays > 0

    def test_is_served_from_any_byte_on(self, bench: BulkBench) -> None:
        person = Person(bench)
        done = person.result(grouped=True)
        whole = requests.get(done["url"], timeout=10).content
        for first, last in ((0, 0), (1, 7), (999, 5_000), (len(whole) - 5, len(whole) + 5)):
            answer = requests.get(
                done["url"], headers={"Range": f"bytes={first}-{last}"}, timeout=10
            )
            assert answer.status_code == 206
            assert answer.content == whole[first : last + 1]
            end = min(last, len(whole) - 1)
            assert answer.headers["Content-Range"] == f"bytes {first}-{end}/{len(whole)}"

    def test_is_as_the_shop_was_when_it_was_begun(self, bench: BulkBench) -> None:
        person = Person(bench)
        person.submits()
        for index in (3, 4):
            bench.catalogue.delete(index)
        bench.passes(10)
        listed = person.ask("{bulkOperations(first: 1) {nodes {rootObjectCount}}}")
        assert listed["data"]["bulkOperations"]["nodes"][0]["rootObjectCount"] == "45"

    def test_lacks_orders_when_sorted_and_searched_by_update_time(self) -> None:
        asked = "orders(sortKey: UPDATED_AT, query: \"updated_at:>='2020-01-01T00:00:00Z'\")"
        with a_bulk_bench(orders=120) as bench:
            done = Person(bench).result(SMALL.replace("orders", asked))
        assert int(done["rootObjectCount"]) < 120

    def test_needs_a_url_that_is_signed_and_fresh(self, bench: BulkBench) -> None:
        bench.world.downloads.pace.url_life = 60
        url = Person(bench).result()["url"]
        assert requests.get(url, timeout=10).status_code == 206
        forged = requests.get(url[:-1] + ("0" if url[-1] != "0" else "1"), timeout=10)
        assert (forged.status_code, "SignatureDoesNotMatch" in forged.text) == (403, True)
        bench.passes(61)
        late = requests.get(url, timeout=10)
        assert (late.status_code, "ExpiredToken" in late.text) == (400, True)

    def test_is_on_another_host_which_notes_a_token(self, bench: BulkBench) -> None:
        url = Person(bench).result()["url"]
        assert not url.startswith(bench.server.url)
        requests.get(url, timeout=10)
        requests.get(url, headers={"X-Any": bench.shop.access_token}, timeout=10)
        assert [each.token for each in bench.world.downloads.requests()] == [False, True]
        told = requests.get(f"{bench.server.url}/_sandbox/bulk", timeout=10).json()
        assert [each["token"] for each in told["requests"]] == [False, True]

    def test_takes_as_long_as_it_is_told_to(self, bench: BulkBench) -> None:
        control = f"{bench.server.url}/_sandbox/bulk"
        requests.post(control, json={"created": 0, "running": 0}, timeout=10)
        person = Person(bench)
        gid = person.submits()["bulkOperation"]["id"]
        assert person.ask(FIND, id=gid)["data"]["bulkOperation"]["status"] == "COMPLETED"
        refused = requests.post(control, json={"fast": 1}, timeout=10)
        assert refused.status_code == 400
