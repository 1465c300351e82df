"""What goes to the socket: whole requests from their parts, and requests that are none.

A raw case may be answered with a 400 or by closing the connection. One that the server must wait for more of, as far as
it can know, is unfinished: the client hangs up after a moment.
"""

from __future__ import annotations

from random import Random

from tests.fuzz.parameters import Pairs

_PATHS = [
    "/api/v1/namespaces/default", "/api/v1/namespaces", "/api", "/apis", "/version", "/readyz", "/livez?verbose",
    "/healthz/x",
    "/openapi/v2", "/openapi/v3", "/openapi/v3/nothing", "/metrics",
    "/git/default/blue.git/info/refs?service=git-upload-pack",
    "/git/default/blue.git/info/refs?service=%00", "/git/../../etc/passwd", "/git/default/blue.git/git-receive-pack",
    "/apis/porch.kpt.dev/v1alpha1/namespaces/default/packagerevisions",
]  # fmt: skip
_ODD_PATHS = [
    "", "*", "//", "/%", "/%zz", "/%00", "/%ff", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/namespaces/%2F",
    "/api/v1/namespaces/..",
    "/api/v1/namespaces/default/secrets/a%00b", "/api/v1/namespaces/%e0%a4/secrets", "http://127.0.0.1/api",
    "/api/v1/namespaces//secrets",
    "/" + "a" * 20_000, "/" + "a/" * 9_000, "/api?" + "a=b&" * 5_000, "/api#x", "/api v1", "/\x7f", "/é",
    "/api/v1/namespaces/a%252fb",
    "127.0.0.1:80", "/api/v1;a=b/namespaces", "/api\t", "/api/v1/watch/namespaces", "/api/v1/proxy/x",
]  # fmt: skip
_METHODS = [
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "PROPFIND",
    "GE T",
    "",
    "\0",
    "X" * 5000,
    "PRI",
]
_LENGTHS = ["0", "5", "-1", "+5", "5, 5", "0x5", "1e1", "", " ", "99999999999999999999", "\u0665", "5\t"]
_CHUNKS = [
    b"5\r\nhello\r\n0\r\n\r\n", b"0\r\n\r\n", b"5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    b"zz\r\nhello\r\n0\r\n\r\n", b"-1\r\n\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\nx\r\n0\r\n\r\n", b"5\r\nhelloworld\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"\r\n0\r\n\r\n",
]  # fmt: skip


def request(method: str, target: str, headers: Pairs, body: bytes | None = None) -> bytes:
    """One request of HTTP/1.1. A header that is given wins over the one that is made."""
    given = {name.lower() for name, _ in headers}
    made: Pairs = [] if "host" in given else [("Host", "127.0.0.1")]
    if body is not None and "transfer-encoding" not in given:
        made.append(("Content-Length", str(len(body))))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in [*made, *headers])]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + (body or b"")


def case(draw: Random) -> tuple[str, bytes, bool]:
    """What is odd about it, the bytes, and whether it is unfinished."""
    kinds = [
        _odd_target,
        _odd_target,
        _odd_method,
        _odd_header,
        _odd_header,
        _odd_length,
        _odd_chunks,
        _odd_bytes,
        _pipelined,
    ]
    kind = draw.choice([*kinds, _websocket, _cut])
    data, unfinished = kind(draw)
    return kind.__name__.strip("_"), data, unfinished


def _odd_target(draw: Random) -> tuple[bytes, bool]:
    return request(draw.choice(_METHODS[:5]), draw.choice(_ODD_PATHS), []), False


def _odd_method(draw: Random) -> tuple[bytes, bool]:
    return request(draw.choice(_METHODS), draw.choice(_PATHS), []), False


def _odd_header(draw: Random) -> tuple[bytes, bool]:
    odd = [
        b"X: \0\r\n", b"X: \xff\xfe\r\n", b": x\r\n", b"X\r\n", b"X : y\r\n", b" folded\r\n", b"X: a\r\n b\r\n",
        b"X: " + b"a" * 70_000 + b"\r\n",
        b"X: y\r\n" * 300, b"Host: a\r\nHost: b\r\n", b"Content-Length: 0\r\nContent-Length: 5\r\n",
        b"Expect: 100-continue\r\n", b"Expect: x\r\n",
        b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n", b"Accept: \xff\r\n",
        b"Impersonate-User: \xff\r\n", b"Impersonate-User: a\r\nImpersonate-Extra-\xe9: x\r\n", b"X\x80: y\r\n",
        b"Accept-Encoding: gzip\xff\r\n",
        b"Content-Type: \xff\r\n", b"Audit-Id: \x80\r\n", b"User-Agent: \xf0\x9f\r\n",
        b"Cookie: " + b"a=b; " * 2000 + b"\r\n", b"TE: trailers, x\r\n",
    ]  # fmt: skip
    head = f"GET {draw.choice(_PATHS)} HTTP/1.1\r\nHost: x\r\n".encode()
    return head + draw.choice(odd) + b"\r\n", False


def _odd_length(draw: Random) -> tuple[bytes, bool]:
    path = draw.choice([_PATHS[-1], _PATHS[0], _PATHS[1]])
    method, length = draw.choice(["POST", "PUT", "DELETE", "GET"]), draw.choice(_LENGTHS)
    return request(method, path, [("Content-Length", length), ("Connection", "close")]) + b"hello", True


def _odd_chunks(draw: Random) -> tuple[bytes, bool]:
    coding = draw.choice(
        ["chunked", "chunked", "gzip, chunked", "chunked, identity", "x", "chunked\r\nContent-Length: 3"]
    )
    head = request(
        draw.choice(["POST", "PATCH"]),
        draw.choice(_PATHS[-1:] + _PATHS[:2]),
        [("Transfer-Encoding", coding), ("Connection", "close")],
    )
    return head + draw.choice(_CHUNKS), True


def _odd_bytes(draw: Random) -> tuple[bytes, bool]:
    """A plain request with some of its bytes changed."""
    data = bytearray(request("GET", draw.choice(_PATHS), [("Accept", "application/json"), ("User-Agent", "x")]))
    for _ in range(draw.randrange(1, 5)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data), True


def _pipelined(draw: Random) -> tuple[bytes, bool]:
    return b"".join(request("GET", path, []) for path in draw.choices(_PATHS, k=draw.choice([2, 5]))), False


def _websocket(draw: Random) -> tuple[bytes, bool]:
    key, version = draw.choice(["dGhlIHNhbXBsZSBub25jZQ==", "x", ""]), draw.choice(["13", "8", "x"])
    path = draw.choice(
        [*_PATHS[:2], "/api/v1/namespaces?watch=true&timeoutSeconds=1", "/api/v1/secrets?watch=1&resourceVersion=x"]
    )
    protocols = draw.choice(
        [
            "base64.binary.k8s.io",
            "x",
            "",
            "base64url.bearer.authorization.k8s.io.eA, base64.binary.k8s.io",
            "base64url.bearer.authorization.k8s.io.%",
        ]
    )
    more = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", version),
    ]
    frame = draw.choice([b"", b"\x81\x05hello", b"\x88\x80\0\0\0\0", b"\x81\xff" + b"\xff" * 8, draw.randbytes(20)])
    return request("GET", path, [*more, ("Sec-WebSocket-Protocol", protocols)]) + frame, True


def _cut(draw: Random) -> tuple[bytes, bool]:
    """A request that ends too early, in its head or its body."""
    data = request(
        "POST", draw.choice(_PATHS), [("Content-Type", "application/json")], b'{"metadata": {"name": "cut"}}'
    )
    return data[: draw.randrange(1, len(data))], True
