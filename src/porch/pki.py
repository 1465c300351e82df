"""The server's own certificates: a CA, the serving certificate and the administrator's client certificate.

`porch up` calls `ensure_pki` at every start; what is missing is made, what expires soon or names other hosts is issued
anew. A key is made once and written before its certificate, so a start that was cut short can simply go on, while a
certificate without its key means that somebody took files away: that is refused, never repaired by guessing. The
library behind it is imported inside the functions because start-up time matters.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from porch.durable import sync_folder
from porch.errors import BadRequest, ServiceUnavailable
from porch.keys import subdomain_problems

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509.oid import ObjectIdentifier

ALWAYS_NAMED = ("localhost", "127.0.0.1", "::1")
_CA_LIFE = timedelta(days=3650)
_LEAF_LIFE = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pki:
    """Where the PEM files are."""

    ca_cert: Path
    ca_key: Path
    server_cert: Path
    server_key: Path
    admin_cert: Path
    admin_key: Path


def ensure_pki(directory: Path, names: Sequence[str], now: datetime | None = None) -> Pki:
    """Makes or completes the files in `directory`. `names` are DNS names and addresses besides the loopback ones.

    Raises BadRequest for a name that no certificate can carry, ServiceUnavailable for files that do not fit together.
    """
    now = now or datetime.now(UTC)
    wanted = _general_names(names)
    pki = Pki(*(directory / f"{name}.{end}" for name in ("ca", "server", "admin") for end in ("crt", "key")))
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.chmod(0o700)
        authority = _ensure_ca(pki, now)
        _ensure_server(pki, authority, wanted, now)
        _ensure_admin(pki, authority, now)
    except OSError as error:
        raise ServiceUnavailable(f"cannot keep certificates in {directory}: {error.strerror or error}") from error
    return pki


def ensure_token_key(path: Path) -> bytes:
    """The key that signs service accounts' tokens, in PEM; made when there is none. Whoever takes the file away makes
    all those tokens worthless. Raises ServiceUnavailable.
    """
    try:
        _ensure_key(path)
        return path.read_bytes()
    except OSError as error:
        raise ServiceUnavailable(f"cannot keep the token key {path}: {error.strerror or error}") from error


def write_private(path: Path, data: bytes) -> None:
    """Puts a whole file in place, readable by its owner only and safe from a power cut. Raises OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


@dataclass(frozen=True, slots=True)
class _Authority:
    cert: x509.Certificate
    key: EllipticCurvePrivateKey


def _ensure_ca(pki: Pki, now: datetime) -> _Authority:
    if not pki.ca_cert.exists():
        _refuse_orphans(pki)
        return _new_ca(pki, now)
    authority = _Authority(_read_cert(pki.ca_cert), _read_key(pki.ca_key, pki.ca_cert))
    _check_pair(authority.cert, authority.key, pki.ca_cert)
    if authority.cert.not_valid_after_utc - _RENEW_BEFORE <= now:
        raise _broken(pki.ca_cert, "the CA is about to expire or has expired")
    return authority


def _refuse_orphans(pki: Pki) -> None:
    """Certificates without their CA: clients trust a CA that is gone, so a new one must be somebody's decision."""
    for cert in (pki.server_cert, pki.admin_cert):
        if cert.exists():
            raise _broken(cert, f"it is there but {pki.ca_cert.name} is missing")


def _new_ca(pki: Pki, now: datetime) -> _Authority:
    from cryptography import x509

    key = _ensure_key(pki.ca_key)
    name = _name("porch-ca")
    usage = _key_usage(signs_certificates=True)
    builder = _builder(name, name, key, now, _CA_LIFE).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    cert = _sign(builder.add_extension(usage, critical=True), key, key)
    _write_cert(pki.ca_cert, cert)
    return _Authority(cert, key)


def _ensure_server(pki: Pki, authority: _Authority, wanted: Sequence[x509.GeneralName], now: datetime) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    current = _current_leaf(pki.server_cert, pki.server_key, authority)
    if current is not None and _lasts(current, now):
        named = current.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if set(named) == set(wanted):
            return
    key = _ensure_key(pki.server_key)
    builder = _leaf_builder(_name("porch"), key, authority, now, ExtendedKeyUsageOID.SERVER_AUTH)
    builder = builder.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
    _write_cert(pki.server_cert, _sign(builder, key, authority.key))


def _ensure_admin(pki: Pki, authority: _Authority, now: datetime) -> None:
    from cryptography.x509.oid import ExtendedKeyUsageOID

    current = _current_leaf(pki.admin_cert, pki.admin_key, authority)
    if current is not None and _lasts(current, now):
        return
    key = _ensure_key(pki.admin_key)
    subject = _name("porch-admin", "system:masters")
    builder = _leaf_builder(subject, key, authority, now, ExtendedKeyUsageOID.CLIENT_AUTH)
    _write_cert(pki.admin_cert, _sign(builder, key, authority.key))


def _current_leaf(path: Path, key_path: Path, authority: _Authority) -> x509.Certificate | None:
    """The certificate that is there, checked against its key and the CA; None when there is none yet."""
    from cryptography.exceptions import InvalidSignature

    if not path.exists():
        return None
    cert = _read_cert(path)
    _check_pair(cert, _read_key(key_path, path), path)
    try:
        cert.verify_directly_issued_by(authority.cert)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise _broken(path, "another CA has signed it") from error
    return cert


def _lasts(cert: x509.Certificate, now: datetime) -> bool:
    return cert.not_valid_before_utc <= now < cert.not_valid_after_utc - _RENEW_BEFORE


def _read_cert(path: Path) -> x509.Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise _broken(path, "it is not a certificate") from error


def _read_key(path: Path, cert: Path) -> EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not path.exists():
        raise _broken(path, f"it is missing while {cert.name} is there")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _broken(path, "it is not a private key") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise _broken(path, "it is not an EC key")
    path.chmod(0o600)
    return key


def _ensure_key(path: Path) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if path.exists():
        return _read_key(path, path.with_suffix(".crt"))
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(path, pem)
    return key


def _write_cert(path: Path, cert: x509.Certificate) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    write_private(path, cert.public_bytes(Encoding.PEM))


def _check_pair(cert: x509.Certificate, key: EllipticCurvePrivateKey, path: Path) -> None:
    if cert.public_key() != key.public_key():
        raise _broken(path, f"it does not belong to {path.with_suffix('.key').name}")


def _broken(path: Path, why: str) -> ServiceUnavailable:
    remedy = f"restore it from a backup, or move {path.parent} away to get a new CA (clients need the new kubeconfig)"
    return ServiceUnavailable(f"cannot use {path}: {why}; {remedy}")


def _name(common_name: str, organization: str = "") -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _general_names(names: Sequence[str]) -> list[x509.GeneralName]:
    from cryptography import x509

    found: dict[x509.GeneralName, None] = {}
    for name in (*ALWAYS_NAMED, *names):
        try:
            # A zone (fe80::1%eth0) means something on one machine only.
            general: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name.strip("[]").partition("%")[0]))
        except ValueError:
            general = x509.DNSName(_dns_name(name))
        found[general] = None
    return list(found)


def _dns_name(name: str) -> str:
    lowered = name.lower().rstrip(".")
    if problems := subdomain_problems(lowered.removeprefix("*.")):
        raise BadRequest(f"{name!r} cannot be a name in the serving certificate (tls-names, bind): {problems[0]}")
    return lowered


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _leaf_builder(
    subject: x509.Name, key: EllipticCurvePrivateKey, authority: _Authority, now: datetime, purpose: ObjectIdentifier
) -> x509.CertificateBuilder:
    from cryptography import x509

    return (
        _builder(subject, authority.cert.subject, key, now, _LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(
    builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey, signer: EllipticCurvePrivateKey
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    identifiers = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    ).add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    return identifiers.sign(signer, hashes.SHA256())
