"""Tokens sealed with a key of KMS's, and the shops table that holds them."""

from __future__ import annotations

import io
import logging
import traceback
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.dynamodb_shops import DynamoShops
from adapters.logs import install
from adapters.token_vault import OpenVault, Owner, Unsealable
from domain.failures import Permanent, Reason
from domain.shops import ConnectedShop, Tokens
from tests.builders import NOW, SHOP, USER
from tests.dynamodb import Wire
from tests.fakes.clock import FakeClock
from tests.kms import Kms, a_kms

OWNER = Owner(USER, SHOP)
TOKEN = "shpat_0123456789abcdef"
REFRESH = "shprt_0123456789abcdef"
BOTH = {"accessToken": TOKEN, "refreshToken": REFRESH}
EXPIRING = Tokens(TOKEN, NOW + timedelta(hours=1), REFRESH, earlier_refresh="shprt_earlier")


@pytest.fixture
def kms() -> Iterator[Kms]:
    with a_kms(FakeClock()) as found:
        yield found


class TestSealedTokens:
    def test_are_opened_by_every_process(self, kms: Kms) -> None:
        sealed = kms.vault().seal(OWNER, BOTH)
        assert kms.vault().open(OWNER, sealed) == BOTH

    def test_do_not_show(self, kms: Kms) -> None:
        sealed = kms.vault().seal(OWNER, BOTH)
        assert not any(part in text for text in sealed.values() for part in (TOKEN, REFRESH))
        assert all(text.startswith("kms:v1:") for text in sealed.values())

    def test_look_different_each_time(self, kms: Kms) -> None:
        vault = kms.vault()
        assert vault.seal(OWNER, BOTH) != vault.seal(OWNER, BOTH)

    @pytest.mark.parametrize("other", [Owner("user-2", SHOP), Owner(USER, "other.myshopify.com")])
    def test_are_of_no_use_to_another(self, kms: Kms, other: Owner) -> None:
        sealed = kms.vault().seal(OWNER, BOTH)
        with pytest.raises(Permanent) as caught:
            kms.vault().open(other, sealed)
        assert caught.value.reason is Reason.DATABASE_ERROR

    def test_are_of_no_use_under_another_name(self, kms: Kms) -> None:
        vault = kms.vault()
        sealed = vault.seal(OWNER, BOTH)
        with pytest.raises(Unsealable, match="refreshToken"):
            vault.open(OWNER, {"refreshToken": sealed["accessToken"]})

    @pytest.mark.parametrize("text", ["kms:v1:", "kms:v1:a", "kms:v1:!:!", "kms:v1:YQ==:YQ=="])
    def test_that_were_never_sealed_here_are_refused(self, kms: Kms, text: str) -> None:
        with pytest.raises((Unsealable, Permanent)):
            kms.vault().open(OWNER, {"accessToken": text})

    def test_that_were_changed_are_refused(self, kms: Kms) -> None:
        vault = kms.vault()
        sealed = vault.seal(OWNER, BOTH)["accessToken"]
        head, _, _ = sealed.rpartition(":")
        changed = f"{head}:{urlsafe_b64encode(b'x' * 50).decode()}"
        with pytest.raises(Unsealable, match="accessToken"):
            vault.open(OWNER, {"accessToken": changed})

    def test_of_before_there_was_a_key_are_read_as_they_are(self, kms: Kms) -> None:
        assert kms.vault().open(OWNER, BOTH) == BOTH
        assert kms.calls == []

    def test_need_a_key(self, kms: Kms) -> None:
        sealed = kms.vault().seal(OWNER, BOTH)
        with pytest.raises(Permanent, match="set SYNC_TOKENS_KMS_KEY"):
            OpenVault().open(OWNER, sealed)


class TestTheKey:
    def test_is_asked_for_once_an_hour_to_read(self, kms: Kms) -> None:
        sealed = kms.vault().seal(OWNER, BOTH)
        vault = kms.vault()
        for _ in range(3):
            vault.open(OWNER, sealed)
        assert kms.calls == ["GenerateDataKey", "Decrypt"]
        kms.clock.advance(timedelta(hours=1))
        vault.open(OWNER, sealed)
        assert kms.calls[2:] == ["Decrypt"]

    def test_is_not_asked_for_by_who_has_just_sealed(self, kms: Kms) -> None:
        vault = kms.vault()
        vault.open(OWNER, vault.seal(OWNER, BOTH))
        assert kms.calls == ["GenerateDataKey"]

    def test_is_remembered_for_so_many_shops_and_no_more(self, kms: Kms) -> None:
        vault = kms.vault(most=2)
        owners = [Owner(f"user-{n}", SHOP) for n in range(3)]
        sealed = [vault.seal(owner, BOTH) for owner in owners]
        kms.calls.clear()
        for owner, texts in reversed(list(zip(owners, sealed, strict=True))):
            vault.open(owner, texts)
        assert kms.calls == ["Decrypt"]

    def test_is_proved_by_sealing_and_opening(self, kms: Kms) -> None:
        kms.vault().prove()
        assert kms.calls == ["GenerateDataKey", "Decrypt"]

    def test_that_is_none_is_told(self, kms: Kms) -> None:
        kms.key = "00000000-0000-0000-0000-000000000000"
        with pytest.raises(Permanent, match="SYNC_TOKENS_KMS_KEY: NotFoundException") as caught:
            kms.vault().prove()
        assert caught.value.reason is Reason.DATABASE_ERROR


class TestTheShopsTable:
    @pytest.fixture
    def shops(self, dynamodb: Any, shops_table: str) -> DynamoShops:
        return DynamoShops(dynamodb, shops_table, FakeClock())

    def test_holds_no_token_that_can_be_read(self, shops: DynamoShops) -> None:
        with a_kms(FakeClock()) as kms:
            sealing = DynamoShops(shops.client, shops.table, shops.clock, kms.vault())
            sealed = kms.vault().seal(OWNER, BOTH)
            wire = Wire(shops.client)
            wire.answer(lambda *_: (200, {}))
            sealing.connect(ConnectedShop(USER, SHOP, EXPIRING))
        (written,) = wire.sent("UpdateItem")
        values = written["ExpressionAttributeValues"]
        assert sealed.keys() < {name.removeprefix(":new_") for name in values}
        assert not any(word in str(written) for word in (TOKEN, REFRESH, "shprt_earlier"))

    def test_names_what_cannot_be_opened(self, shops: DynamoShops) -> None:
        broken = {"userId": {"S": USER}, "shop": {"S": SHOP}, "accessToken": {"S": "kms:v1:x"}}
        shops.client.put_item(TableName=shops.table, Item=broken)
        with a_kms(FakeClock()) as kms:
            vault = kms.vault()
        with pytest.raises(Permanent, match="the attribute accessToken cannot be read"):
            DynamoShops(shops.client, shops.table, shops.clock, vault).find(USER)


class TestALog:
    def test_shows_no_token_however_much_it_says(self, kms: Kms) -> None:
        """Botocore logs bodies, urllib3 addresses: at DEBUG, which ours never lets through."""
        out = io.StringIO()
        root = logging.getLogger()
        before = root.handlers[:], root.level
        try:
            install(out, "json", "DEBUG")
            vault = kms.vault()
            sealed = vault.seal(OWNER, BOTH)
            kms.vault().open(OWNER, sealed)
            logging.getLogger("botocore.endpoint").debug("body: %s", TOKEN)
            logging.getLogger("urllib3.connectionpool").debug("url: %s", REFRESH)
            kms.key = "00000000-0000-0000-0000-000000000000"
            with pytest.raises(Permanent) as caught:
                kms.vault().seal(OWNER, BOTH)
        finally:
            root.handlers[:], level = before[0], before[1]
            root.setLevel(level)
            logging.captureWarnings(capture=False)
        told = out.getvalue() + "".join(traceback.format_exception(caught.value))
        assert "shpat" not in told
        assert "shprt" not in told
        assert "Plaintext" not in told
