"""Query parameters and headers: what a client may mean, and what nobody can mean."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from urllib.parse import quote

from tests.fuzz import pool
from tests.fuzz.values import text

Pairs = list[tuple[str, str]]

_LABEL_KEYS = ["app", "team", "example.com/tier", "kpt.dev/latest-revision", "a"]
_FIELD_KEYS = [
    "metadata.name", "metadata.namespace", "spec.repository", "spec.packageName", "spec.lifecycle",
    "spec.workspaceName",
    "spec.revision", "type", "involvedObject.name", "status.phase", "spec.nothing",
]  # fmt: skip
_VALUES = ["x", "text", "true", "", "Draft", "1", "blue", "one", *pool.NAMES]
_MARKS = ["=", "==", "!=", "!", ",", "(", ")", "<", ">", " in ", " notin ", "\\", "\\,", "\t", "'", '"']
_BOOLEANS = ["true", "false", "1", "0", "", "t", "yes", "TRUE"]
_NUMBERS = [
    "0",
    "1",
    "2",
    "5",
    "500",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "1e3",
    "0x1",
    "٣",
    "x",
    "007",
    " 1",
]


def label_selector(draw: Random) -> str:
    terms = [_label_term(draw) for _ in range(draw.randrange(1, 4))]
    return _scrambled(draw, ",".join(terms))


def _label_term(draw: Random) -> str:
    key, value = draw.choice(_LABEL_KEYS), draw.choice(_VALUES)
    match draw.randrange(5):
        case 0:
            return key
        case 1:
            return f"!{key}"
        case 2:
            listed = ",".join(draw.choice(_VALUES) for _ in range(draw.randrange(1, 4)))
            return f"{key} {draw.choice(['in', 'notin'])} ({listed})"
        case 3:
            return f"{key}{draw.choice(['>', '<'])}{draw.choice(_NUMBERS)}"
    return f"{key}{draw.choice(['=', '==', '!='])}{value}"


def field_selector(draw: Random) -> str:
    terms = [
        f"{draw.choice(_FIELD_KEYS)}{draw.choice(['=', '==', '!='])}{draw.choice([*_VALUES, *pool.REVISIONS])}"
        for _ in range(draw.randrange(1, 3))
    ]
    return _scrambled(draw, ",".join(terms))


def _scrambled(draw: Random, words: str) -> str:
    """The text as it is, or with a few characters put in or taken out."""
    if draw.random() < 0.6:
        return words
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(words) + 1)
        put = draw.choice(_MARKS) if draw.random() < 0.7 else text(draw)
        words = words[:at] + put + words[at + draw.randrange(3) :]
    return words * 400 if draw.random() < 0.01 else words


def continue_token(draw: Random, seen: pool.Seen) -> str:
    """One that the server gave, one that is forged, or one that is no token."""
    if seen.tokens and draw.random() < 0.4:
        token = draw.choice(seen.tokens)
    else:
        forged = {
            "v": draw.choice(["meta.k8s.io/v1", "meta.k8s.io/v1", "v2", 7]),
            "rv": draw.choice(
                [1, 5, 0, -1, 2**63 - 1, 2**63, 10**40, "1", None, 1.5, *map(int, list(seen.versions)[-3:])]
            ),
            "start": draw.choice(["fuzz-1/one\0", "one\0", "\0", "", "a/b/c\0", "x", "\ud800\0", "x" * 5000 + "\0", 7]),
        }
        if draw.random() < 0.2:
            del forged[draw.choice(list(forged))]
        token = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    if draw.random() < 0.2:
        at = draw.randrange(len(token) + 1)
        token = token[:at] + draw.choice(["", "=", "A", "é", "\0", "+/"]) + token[at + draw.randrange(3) :]
    return token


def resource_version(draw: Random, seen: pool.Seen) -> str:
    if seen.versions and draw.random() < 0.5:
        return draw.choice(seen.versions)
    return draw.choice([*_NUMBERS, "", "99999999", "18446744073709551616", "1" * 5000, "-0", "+1", "1_0", "null"])


_GOOD: Mapping[str, Sequence[str]] = {
    "resourceVersionMatch": ["Exact", "NotOlderThan"],
    "dryRun": ["All"],
    "fieldValidation": ["Strict", "Warn", "Ignore"],
    "fieldManager": ["fuzz"],
    "propagationPolicy": ["Orphan", "Background", "Foreground"],
    # A watch lasts so long; the bound on answers must not measure it.
    "timeoutSeconds": ["1"],
    "gracePeriodSeconds": ["0", "30"],
    "limit": ["1", "2", "5", "500"],
    "pretty": ["true", "false"],
}
_ODD: Mapping[str, Sequence[str]] = {
    "resourceVersionMatch": ["exact", ""],
    "dryRun": ["", "Some"],
    "fieldValidation": ["strict"],
    "fieldManager": ["x" * 129, "a\nb", ""],
    "propagationPolicy": ["Later"],
    "timeoutSeconds": ["0", "-1", "x", "1e9"],
    "gracePeriodSeconds": _NUMBERS,
    "limit": _NUMBERS,
}


def _value(draw: Random, name: str, seen: pool.Seen) -> str:
    drawn: Mapping[str, Callable[[], str]] = {
        "labelSelector": lambda: label_selector(draw),
        "fieldSelector": lambda: field_selector(draw),
        "continue": lambda: continue_token(draw, seen),
        "resourceVersion": lambda: resource_version(draw, seen),
    }
    if make := drawn.get(name):
        return make()
    return draw.choice((_ODD if draw.random() < 0.15 else _GOOD).get(name, _BOOLEANS))


_LISTS: Sequence[Sequence[str]] = [
    ["limit"],
    ["limit", "continue"],
    ["limit", "labelSelector"],
    ["limit", "fieldSelector"],
    ["limit", "resourceVersion", "resourceVersionMatch"],
    ["resourceVersion"],
    ["labelSelector", "fieldSelector"],
    ["watch", "timeoutSeconds"],
    ["watch", "timeoutSeconds", "resourceVersion"],
    ["watch", "timeoutSeconds", "allowWatchBookmarks", "resourceVersionMatch", "sendInitialEvents"],
    ["watch", "timeoutSeconds", "labelSelector", "resourceVersion"],
    ["watch", "timeoutSeconds", "fieldSelector", "allowWatchBookmarks"],
]
"""Parameters of lists that clients send together."""


def _together(draw: Random, seen: pool.Seen) -> Pairs:
    fitting = {"watch": "true", "sendInitialEvents": "true", "allowWatchBookmarks": "true"}
    names = draw.choice(_LISTS)
    initial = {"resourceVersionMatch": "NotOlderThan"} if "sendInitialEvents" in names else {}
    return [(name, (fitting | initial).get(name) or _value(draw, name, seen)) for name in names]


def query(draw: Random, names: Sequence[str], seen: pool.Seen) -> str:
    """The query of a URL, with its question mark."""
    if "limit" in names and draw.random() < 0.65:
        pairs = _together(draw, seen)
    else:
        chance = draw.choice([0.0, 0.0, 0.1, 0.3])
        pairs = [(name, _value(draw, name, seen)) for name in names if draw.random() < chance]
    if draw.random() < 0.04:
        pairs += [(draw.choice(names or ("x",)), text(draw)) for _ in range(draw.choice([1, 2, 120]))]
    encoded = "&".join(f"{name}={_quoted(draw, value)}" for name, value in pairs)
    if draw.random() < 0.01:
        encoded += draw.choice(["&", "&=", "&a;b", "&%", "&%zz", "&%ff=1", "&limit=%e0%a4", "&" * 150])
    return f"?{encoded}" if encoded else ""


def _quoted(draw: Random, value: str) -> str:
    safe = draw.choice(["", "", ",=()!", "/"])
    return quote(value.encode("utf-8", "surrogatepass"), safe=safe)


# Headers

_ACCEPTS = [
    "application/json", "*/*", "application/yaml", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "application/json;as=Table;v=v1beta1;g=meta.k8s.io", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json", "application/json;as=Nothing",
    "application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf",
    "text/html;q=0.9,*/*;q=0.1",
    "application/json;q=nan", "application/json;q=inf,*/*;q=-1", ",;=", "application/json;as", "a" * 3000,
    "application/json;" * 200,
    "application/json;stream=watch", "application/yaml;as=Table;g=meta.k8s.io;v=v1",
]  # fmt: skip


def headers(draw: Random, seen: pool.Seen) -> Pairs:
    """Most requests have few; some have what a proxy, a browser or an attacker would add."""
    pairs: Pairs = []
    if draw.random() < 0.4:
        pairs.append(("Accept", draw.choice(_ACCEPTS if draw.random() < 0.3 else _ACCEPTS[:5])))
    if draw.random() < 0.2:
        pairs.append(
            ("Accept-Encoding", draw.choice(["gzip", "gzip;q=0", "identity", "br, gzip;q=1.0", "*", "gzip;q=x"]))
        )
    if draw.random() < 0.05:
        pairs += _impersonation(draw)
    if draw.random() < 0.03:
        pairs.append(("Authorization", authorization(draw)))
    if draw.random() < 0.05:
        odd = [
            ("User-Agent", "curl/8"),
            ("Audit-Id", "é" * 20),
            ("If-None-Match", '"1"'),
            ("If-Match", "*"),
            ("Range", "bytes=0-1"),
        ]
        odd += [
            ("Connection", "close"),
            ("Transfer-Encoding", "identity"),
            ("Origin", "null"),
            ("X-Remote-User", "system:admin"),
        ]
        odd += [("Content-Encoding", "gzip"), ("Content-Type", "application/json; charset=utf-16"), ("Host", "")]
        pairs.append(draw.choice(odd))
    return pairs


def authorization(draw: Random) -> str:
    """Known tokens, things like tokens, and other schemes."""
    token = draw.choice(
        [*pool.TOKENS, _jwt(draw), "x", "", " ", "é", "a.b.c", "." * 50, "x" * 9000, "fuzz-admin,fuzz-nobody"]
    )
    basic = base64.b64encode(f"ann:{token}".encode()).decode()
    return draw.choice(
        [f"Bearer {token}", f"Bearer {token}", f"bearer  {token}", f"Basic {basic}", "Basic %%%", token, "Negotiate x"]
    )


def _jwt(draw: Random) -> str:
    head = {
        "alg": draw.choice(["none", "HS256", "RS256", "ES256", 7, None]),
        "typ": "JWT",
        "kid": draw.choice(["x", "../x", None]),
    }
    claims = {
        "iss": draw.choice(["https://kubernetes.default.svc.cluster.local", "porch", 1]),
        "sub": draw.choice(["system:serviceaccount:default:default", "system:admin", {}]),
        "exp": draw.choice([4e9, 1, "soon", 2**70]),
        "aud": draw.choice([["https://kubernetes.default.svc"], "x", None]),
    }
    pieces = [json.dumps(head).encode(), json.dumps(claims).encode(), draw.randbytes(draw.choice([0, 32, 64, 256]))]
    return ".".join(base64.urlsafe_b64encode(piece).decode().rstrip("=") for piece in pieces)


def _impersonation(draw: Random) -> Pairs:
    pairs = [
        (
            "Impersonate-User",
            draw.choice(["ann", "system:anonymous", "system:serviceaccount:default:x", "", "é", text(draw)]),
        )
    ]
    more = [
        ("Impersonate-Group", "people"),
        ("Impersonate-Uid", "1"),
        ("Impersonate-Extra-Scope", "a"),
        ("Impersonate-User", "bob"),
    ]
    more += [
        ("Impersonate-Extra-%2f%zz", "x"),
        ("Impersonate-Extra-", ""),
        ("Impersonate-Nothing", "x"),
        ("Impersonate-Group", ""),
    ]
    pairs += draw.sample(more, draw.randrange(4))
    if draw.random() < 0.2:
        del pairs[0]
    return [(name, value.replace("\r", " ").replace("\n", " ").replace("\0", " ")) for name, value in pairs]
