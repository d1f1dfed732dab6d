"""Tokens as they are stored: as they are, or sealed with keys that KMS keeps.

Envelope encryption (docs.aws.amazon.com/kms/latest/developerguide/kms-cryptography.html): each time
tokens are stored, KMS makes a data key for this user and shop; the tokens are sealed with it here
(AES-256-GCM), and the data key is stored beside them as KMS has encrypted it.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.aws_failures import translated
from domain.failures import Permanent, Reason
from domain.ports import Clock

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_kms import KMSClient

SEALED = "kms:v1:"
"""What a sealed text begins with, and no token does."""
MOST_KEYS = 10_000
KEPT_FOR = 3600.0
"""Seconds: as long as an access token is good."""
_NONCE = 12
_WHAT = "the KMS key of SYNC_TOKENS_KMS_KEY"


class Unsealable(Exception):
    """The text was not sealed here for that place, or was changed since."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose tokens they are: what is sealed for one cannot be opened for another."""

    user_id: str
    shop: str

    @property
    def context(self) -> dict[str, str]:
        return {"userId": self.user_id, "shop": self.shop}


class TokenVault(Protocol):
    """Between tokens and the texts that are stored for them, each under its attribute's name.

    Both raise `Permanent` and `Transient` with reason database-error where the key cannot be used.
    """

    @abstractmethod
    def seal(self, owner: Owner, tokens: Mapping[str, str]) -> dict[str, str]:
        """What to store."""

    @abstractmethod
    def open(self, owner: Owner, stored: Mapping[str, str]) -> dict[str, str]:
        """The tokens; texts that were stored without a key are taken as they are.

        Raises `Unsealable`, with the attribute's name.
        """

    @abstractmethod
    def prove(self) -> None:
        """Seal something and open it again, with nothing remembered."""


class OpenVault(TokenVault):
    """Without a key: tokens are stored as they are."""

    def seal(self, owner: Owner, tokens: Mapping[str, str]) -> dict[str, str]:
        del owner
        return dict(tokens)

    def open(self, owner: Owner, stored: Mapping[str, str]) -> dict[str, str]:
        del owner
        if any(text.startswith(SEALED) for text in stored.values()):
            raise Permanent(
                Reason.DATABASE_ERROR, "the tokens are encrypted: set SYNC_TOKENS_KMS_KEY"
            )
        return dict(stored)

    def prove(self) -> None:
        return


class DataKeys:
    """Data keys by how KMS encrypted them, for an hour and for so many shops. Thread-safe."""

    def __init__(self, clock: Clock, most: int = MOST_KEYS) -> None:
        self._clock = clock
        self._most = most
        self._lock = Lock()
        self._keys: OrderedDict[tuple[bytes, Owner], tuple[float, bytes]] = OrderedDict()

    def find(self, encrypted: bytes, owner: Owner) -> bytes | None:
        with self._lock:
            kept = self._keys.get((encrypted, owner))
            if kept is None or kept[0] <= self._clock.monotonic():
                return None
            self._keys.move_to_end((encrypted, owner))
            return kept[1]

    def forget(self) -> None:
        with self._lock:
            self._keys.clear()

    def keep(self, encrypted: bytes, owner: Owner, key: bytes) -> None:
        with self._lock:
            self._keys[encrypted, owner] = (self._clock.monotonic() + KEPT_FOR, key)
            while len(self._keys) > self._most:
                self._keys.popitem(last=False)


@dataclass(frozen=True, slots=True)
class KmsVault(TokenVault):
    """One call to KMS for each pair that is stored, and one an hour for each shop that is read."""

    client: KMSClient
    key: str
    keys: DataKeys = field(repr=False)

    def seal(self, owner: Owner, tokens: Mapping[str, str]) -> dict[str, str]:
        with translated(_WHAT):
            made = self.client.generate_data_key(
                KeyId=self.key, KeySpec="AES_256", EncryptionContext=owner.context
            )
        key, encrypted = made["Plaintext"], made["CiphertextBlob"]
        self.keys.keep(encrypted, owner, key)
        return {
            name: _sealed(key, encrypted, token, _place(owner, name))
            for name, token in tokens.items()
        }

    def open(self, owner: Owner, stored: Mapping[str, str]) -> dict[str, str]:
        return {name: self._opened(owner, name, text) for name, text in stored.items()}

    def prove(self) -> None:
        owner = Owner("check", "check.myshopify.com")
        sealed = self.seal(owner, {"accessToken": "proof"})
        self.keys.forget()
        self.open(owner, sealed)

    def _opened(self, owner: Owner, name: str, text: str) -> str:
        if not text.startswith(SEALED):
            return text
        try:
            encrypted, sealed = (
                urlsafe_b64decode(part) for part in text.removeprefix(SEALED).split(":")
            )
        except ValueError:
            raise Unsealable(name) from None
        key = self.keys.find(encrypted, owner) or self._decrypted(encrypted, owner)
        try:
            opened = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _place(owner, name))
        except (InvalidTag, ValueError):
            raise Unsealable(name) from None
        return opened.decode()

    def _decrypted(self, encrypted: bytes, owner: Owner) -> bytes:
        with translated(_WHAT):
            answer = self.client.decrypt(
                CiphertextBlob=encrypted, EncryptionContext=owner.context, KeyId=self.key
            )
        self.keys.keep(encrypted, owner, answer["Plaintext"])
        return answer["Plaintext"]


def _sealed(key: bytes, encrypted: bytes, token: str, place: bytes) -> str:
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, token.encode(), place)
    return SEALED + ":".join(urlsafe_b64encode(part).decode() for part in (encrypted, sealed))


def _place(owner: Owner, name: str) -> bytes:
    """Where the token belongs: it cannot be read from another row or another attribute."""
    return f"{owner.user_id}\0{owner.shop}\0{name}".encode()
