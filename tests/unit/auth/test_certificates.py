"""The files that a first start makes, what a later start does with them, and that TLS works with them."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from porch.cli.kubeconfig import write_kubeconfig
from porch.errors import BadRequest, PorchError, ServiceUnavailable
from porch.pki import Pki, ensure_pki, write_private

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pki"


def paths(pki: Pki) -> list[Path]:
    return [pki.ca_cert, pki.ca_key, pki.server_cert, pki.server_key, pki.admin_cert, pki.admin_key]


def contents(pki: Pki) -> list[bytes]:
    return [path.read_bytes() for path in paths(pki)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_everything_private(folder: Path) -> None:
    pki = ensure_pki(folder, [])
    assert mode(folder) == 0o700
    assert {mode(path) for path in paths(pki)} == {0o600}
    assert sorted(folder.iterdir()) == sorted(paths(pki))


def test_a_later_start_changes_nothing(folder: Path) -> None:
    before = contents(ensure_pki(folder, ["porch.example"]))
    assert contents(ensure_pki(folder, ["porch.example"])) == before


def test_the_serving_certificate_names_loopback_and_what_is_asked_for(folder: Path) -> None:
    pki = ensure_pki(folder, ["10.1.2.3", "Porch.Example", "*.porch.example", "127.0.0.1", "[fe80::1%eth0]"])
    cert = x509.load_pem_x509_certificate(pki.server_cert.read_bytes())
    named = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert named.get_values_for_type(x509.DNSName) == ["localhost", "porch.example", "*.porch.example"]
    assert [str(ip) for ip in named.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "10.1.2.3", "fe80::1"]
    assert cert.not_valid_after_utc - NOW < timedelta(days=366)


def test_the_administrator_is_a_master(folder: Path) -> None:
    cert = x509.load_pem_x509_certificate(ensure_pki(folder, []).admin_cert.read_bytes())
    assert cert.subject.rfc4514_string() == "O=system:masters,CN=porch-admin"


@pytest.mark.parametrize("name", ["", "a b", "http://x", "x\n", "ex*mple.com", "a" * 300, "-x"])
def test_a_name_that_no_certificate_can_carry_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="cannot be a name in the serving certificate"):
        ensure_pki(folder, [name])
    assert not folder.exists()


def test_new_names_give_a_new_certificate_with_the_same_key(folder: Path) -> None:
    pki = ensure_pki(folder, [])
    ca, ca_key, server, key, *admin = contents(pki)
    ensure_pki(folder, ["porch.example"])
    after = contents(pki)
    assert after[2] != server
    assert [*after[:2], *after[3:]] == [ca, ca_key, key, *admin]


def test_certificates_that_expire_soon_are_issued_anew(folder: Path) -> None:
    pki = ensure_pki(folder, [], now=NOW - timedelta(days=340))
    ca, _, server, _, admin, _ = contents(pki)
    ensure_pki(folder, [])
    assert pki.ca_cert.read_bytes() == ca
    assert pki.server_cert.read_bytes() != server
    assert pki.admin_cert.read_bytes() != admin


def test_certificates_of_a_clock_that_ran_ahead_are_issued_anew(folder: Path) -> None:
    pki = ensure_pki(folder, [], now=NOW + timedelta(days=100))
    server = pki.server_cert.read_bytes()
    ensure_pki(folder, [])
    assert pki.server_cert.read_bytes() != server


def test_a_ca_about_to_expire_is_refused_with_the_remedy(folder: Path) -> None:
    ensure_pki(folder, [], now=NOW - timedelta(days=3640))
    with pytest.raises(ServiceUnavailable, match=r"is about to expire or has expired; .*move .* away"):
        ensure_pki(folder, [])


@pytest.mark.parametrize("kept", [["ca.key"], ["ca.key", "ca.crt"], ["ca.key", "ca.crt", "server.key"]])
def test_a_first_start_that_was_cut_short_is_finished(folder: Path, kept: list[str]) -> None:
    pki = ensure_pki(folder, [])
    before = {path.name: path.read_bytes() for path in paths(pki)}
    for path in paths(pki):
        if path.name not in kept:
            path.unlink()
    ensure_pki(folder, [])
    assert {name: (folder / name).read_bytes() for name in kept} == {name: before[name] for name in kept}
    handshake(pki)


@pytest.mark.parametrize("lost", ["ca.crt", "ca.key", "server.key", "admin.key"])
def test_a_lost_file_is_named_with_the_remedy(folder: Path, lost: str) -> None:
    before = contents(ensure_pki(folder, []))
    (folder / lost).unlink()
    with pytest.raises(ServiceUnavailable, match=f"{lost}.*missing|missing.*restore it from a backup"):
        ensure_pki(folder, [])
    assert len(list(folder.iterdir())) == len(before) - 1


@pytest.mark.parametrize("name", ["ca.crt", "ca.key", "server.crt", "server.key", "admin.crt", "admin.key"])
@pytest.mark.parametrize(
    "garbage", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_garbled_file_is_named_with_the_remedy(folder: Path, name: str, garbage: bytes) -> None:
    ensure_pki(folder, [])
    (folder / name).write_bytes(garbage)
    with pytest.raises(ServiceUnavailable, match=f"cannot use .*{name}: .*; restore it from a backup"):
        ensure_pki(folder, [])


@pytest.mark.parametrize("names", [["server.key"], ["ca.crt", "ca.key"], ["admin.crt", "admin.key"]])
def test_files_of_another_server_do_not_fit(folder: Path, tmp_path: Path, names: list[str]) -> None:
    ensure_pki(folder, [])
    ensure_pki(tmp_path / "other", [])
    for name in names:
        (folder / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(ServiceUnavailable, match=r"does not belong to|another CA has signed it"):
        ensure_pki(folder, [])


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceUnavailable, match="cannot keep certificates in"):
        ensure_pki(tmp_path / "file" / "pki", [])


def test_a_loose_key_is_made_private_again(folder: Path) -> None:
    pki = ensure_pki(folder, [])
    pki.server_key.chmod(0o644)
    ensure_pki(folder, [])
    assert mode(pki.server_key) == 0o600


def test_a_private_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(OSError, match="taken"):
        write_private(target, b"x")
    assert list(tmp_path.iterdir()) == [target]


def test_a_handshake_gives_the_server_the_verified_client(folder: Path) -> None:
    subject = handshake(ensure_pki(folder, []))
    assert (("commonName", "porch-admin"),) in subject
    assert (("organizationName", "system:masters"),) in subject


def test_a_client_of_another_ca_is_refused(folder: Path, tmp_path: Path) -> None:
    other = ensure_pki(tmp_path / "other", [])
    with pytest.raises(ssl.SSLError):
        handshake(ensure_pki(folder, []), client=other)


def test_a_serving_certificate_does_not_pass_as_a_client(folder: Path) -> None:
    pki = ensure_pki(folder, [])
    turned = Pki(pki.ca_cert, pki.ca_key, pki.server_cert, pki.server_key, pki.server_cert, pki.server_key)
    with pytest.raises(ssl.SSLError):
        handshake(pki, client=turned)


def handshake(pki: Pki, client: Pki | None = None) -> list[object]:
    """Connects over a socket pair, strictly verified on both sides; the subject that the server saw."""
    client = client or pki
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pki.ca_cert))
    server_side.load_cert_chain(pki.server_cert, pki.server_key)
    server_side.verify_mode = ssl.CERT_REQUIRED
    client_side = ssl.create_default_context(cafile=str(pki.ca_cert))
    client_side.load_cert_chain(client.admin_cert, client.admin_key)
    for side in (server_side, client_side):
        side.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()
    greeting = threading.Thread(target=_greet, args=(client_side, far))
    greeting.start()
    try:
        with server_side.wrap_socket(near, server_side=True) as connection:
            found = connection.getpeercert()
            connection.sendall(b"x")
            assert found is not None
            return list(found["subject"])
    finally:
        near.close()
        greeting.join()


def _greet(side: ssl.SSLContext, far: socket.socket) -> None:
    try:
        with side.wrap_socket(far, server_hostname="127.0.0.1") as connection:
            connection.recv(1)
    except OSError:
        pass  # the server's side tells what was wrong
    finally:
        far.close()


class TestKubeconfig:
    def test_it_carries_the_certificates_whole(self, folder: Path, tmp_path: Path) -> None:
        pki, path = ensure_pki(folder, []), tmp_path / "kubeconfig"
        write_kubeconfig(path, "https://127.0.0.1:9443", pki)
        assert mode(path) == 0o600
        config = yaml.safe_load(path.read_text())
        cluster, person = config["clusters"][0]["cluster"], config["users"][0]["user"]
        assert cluster["server"] == "https://127.0.0.1:9443"
        assert base64.b64decode(cluster["certificate-authority-data"]) == pki.ca_cert.read_bytes()
        assert base64.b64decode(person["client-certificate-data"]) == pki.admin_cert.read_bytes()
        assert base64.b64decode(person["client-key-data"]) == pki.admin_key.read_bytes()
        assert config["current-context"] == config["contexts"][0]["name"] == "porch"
        assert config["contexts"][0]["context"]["namespace"] == "default"

    def test_a_token_takes_the_place_of_the_certificate(self, folder: Path, tmp_path: Path) -> None:
        path = tmp_path / "kubeconfig"
        write_kubeconfig(path, "https://127.0.0.1:9443", ensure_pki(folder, []), token="s3cret")
        assert json.loads(path.read_text())["users"][0]["user"] == {"token": "s3cret"}

    def test_a_place_that_cannot_be_written_is_an_error_that_names_it(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(PorchError, match=r"cannot write the kubeconfig file .*none"):
            write_kubeconfig(tmp_path / "none" / "kubeconfig", "https://x", ensure_pki(folder, []))
