"""Which endpoints are reached by connections of our own, and whom they trust."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.aws_connections import pool_for
from tests.canned_aws import GOOD, a_client, aws, ended, get


class TestWays:
    @pytest.mark.parametrize(
        ("url", "more"),
        [
            ("http://127.0.0.1:9/prefix", {}),
            ("ftp://127.0.0.1", {}),
            ("http://127.0.0.1:9", {"proxies": {"http": "http://127.0.0.1:8"}}),
            ("http://127.0.0.1:9", {"client_cert": "/mine.pem"}),
        ],
    )
    def test_are_botocores_where_only_that_knows_the_way(
        self, url: str, more: dict[str, Any]
    ) -> None:
        assert pool_for(url, Config(**more), None) is None

    def test_are_botocores_where_the_environment_has_a_proxy(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:8")
        monkeypatch.setenv("no_proxy", "localhost")
        assert pool_for("http://aws.example", Config(), None) is None
        assert pool_for("http://localhost:9", Config(), None) is not None

    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_are_botocores_where_the_bundle_of_certificates_is_none(
        self, tmp_path: Path, content: str | None
    ) -> None:
        bundle = tmp_path / "bundle.pem"
        if content is not None:
            bundle.write_text(content)
        assert pool_for("https://localhost:9", Config(), str(bundle)) is None


class TestSecureConnections:
    """Whom to trust is said by AWS_CA_BUNDLE, or by ca_bundle in AWS's config file."""

    @pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
    @pytest.mark.parametrize(
        ("host", "bundle", "outcome"),
        [
            ("localhost", "localhost.pem", {"Item": {"userId": {"S": "u"}}}),
            ("localhost", "another.pem", "SSLError"),
            ("127.0.0.1", "localhost.pem", "SSLError"),
        ],
    )
    def test_are_made_to_whom_the_bundle_knows(
        self, tmp_path: Path, variable: str, host: str, bundle: str, outcome: Any
    ) -> None:
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(certificate_of("localhost", tmp_path / "localhost.pem"))
        certificate_of("localhost", tmp_path / "another.pem")
        with pytest.MonkeyPatch.context() as patch, aws(tls=own) as server:
            patch.delenv("AWS_CA_BUNDLE", raising=False)
            patch.setenv(variable, str(tmp_path / bundle))
            session: Any = Session("key", "secret", region_name="eu-west-1")
            url = f"https://{host}:{server.url.rpartition(':')[2]}/"
            client = a_client(session, url, attempts=1)
            assert ended(lambda: get(client)) == outcome
            ca_bundle = session._session.get_config_variable("ca_bundle")
            pool: Any = pool_for(url, client.meta.config, ca_bundle)
            if outcome == "SSLError":
                with pytest.raises(SSLError):
                    pool.post({}, b"{}")
            else:
                assert pool.post({}, b"{}").body == GOOD.body


def certificate_of(name: str, file: Path) -> Path:
    """A certificate that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1)
    builder = builder.not_valid_before(datetime.now(UTC) - timedelta(days=1))
    builder = builder.not_valid_after(datetime.now(UTC) + timedelta(days=1))
    builder = builder.add_extension(names, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + signed.public_bytes(Encoding.PEM))
    return file
