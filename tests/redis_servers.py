"""Redis servers that refuse: with a password, with TLS of an authority that nobody knows."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.sandbox.processes import Process, free_port, wait_until


@contextmanager
def redis_with(folder: Path, *options: str, port: int | None = None) -> Iterator[int]:
    """A real server with these options, without TLS. Out: its port."""
    port = port or free_port()
    with _running(folder, ["--port", str(port), *options], port):
        yield port


@contextmanager
def redis_with_tls(folder: Path, *options: str) -> Iterator[int]:
    """A real server that speaks TLS only, certified by `ca.pem` in the folder for localhost.

    Out: its port.
    """
    _certificate(folder)
    port = free_port()
    files = {"cert-file": "ca.pem", "key-file": "key.pem", "ca-cert-file": "ca.pem"}
    tls = [word for name, file in files.items() for word in (f"--tls-{name}", str(folder / file))]
    with _running(folder, ["--port", "0", "--tls-port", str(port), *tls, *options], port):
        yield port


@contextmanager
def _running(folder: Path, options: list[str], port: int) -> Iterator[None]:
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server on this machine")
    command = ["redis-server", "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
    process = Process(command, os.environ, folder / f"redis-{port}.log")
    try:
        wait_until(process, lambda: _listens(port), "redis-server")
        yield
    finally:
        process.stop()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _certificate(folder: Path) -> None:
    """Signs itself, for localhost and nothing else but 127.0.0.2."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.2"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
