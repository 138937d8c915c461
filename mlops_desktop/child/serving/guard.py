"""Who may ask: exact Host, no foreign Origin, the token; and what a body may be."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

from mlops_desktop.child.serving.refused import Refused

METRICS_PATHS = frozenset({"/metrics", "/admin/stats"})
OPEN_PATHS = frozenset({"/healthz", "/ping", "/v2/health/live", "/v2/health/ready"})
BODY_LIMIT = 8 * 1024 * 1024
ROWS_LIMIT = 10_000
_JSON = frozenset({b"application/json", b"application/json; charset=utf-8"})
_REQUEST_ID = re.compile(rb"[!#-\[\]-~]{1,128}")  # No quotes or backslashes: it stands in JSON.


class Guard:
    """Checks the headers of one server. Tokens are compared in constant time.

    metrics_token opens METRICS_PATHS for reading; there is none where it is empty.
    """

    def __init__(self, port: int, token: str, metrics_token: str = "") -> None:
        self._hosts = frozenset({b"127.0.0.1:%d" % port, b"localhost:%d" % port})
        self._origins = frozenset({b"http://" + host for host in self._hosts})
        self._authorization = b"Bearer " + token.encode()
        self._reading = b"Bearer " + metrics_token.encode() if metrics_token else None

    def admit(self, scope: Mapping[str, Any]) -> dict[bytes, bytes]:
        """The headers by name, or Refused."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host")
        if host not in self._hosts or len(headers) != len(scope["headers"]):
            self._one_host(scope["headers"])
        if b"origin" in headers and headers[b"origin"] not in self._origins:
            raise Refused(403, "Requests from other web sites are refused (Origin).")
        given = headers.get(b"authorization", b"")
        if not hmac.compare_digest(given, self._authorization):
            self._admit_others(scope, given)
        return headers

    def _admit_others(self, scope: Mapping[str, Any], given: bytes) -> None:
        """Pass who needs no token here, or who has the one for the metrics and reads them."""
        if scope["path"] in OPEN_PATHS:
            return
        if self._reading is not None and hmac.compare_digest(given, self._reading):
            if scope["path"] in METRICS_PATHS and scope["method"] in ("GET", "HEAD"):
                return
            raise Refused(403, f"This token only reads {' and '.join(sorted(METRICS_PATHS))}.")
        raise Refused(
            401,
            "This route needs the deployment's token: Authorization: Bearer TOKEN.",
            www_authenticate="Bearer",
        )

    def _one_host(self, pairs: list[tuple[bytes, bytes]]) -> None:
        hosts = [value for name, value in pairs if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            raise Refused(400, "The Host header is not this server's address and port.")
        if sum(name == b"origin" for name, _ in pairs) > 1:
            raise Refused(403, "Requests from other web sites are refused (Origin).")


def check_json(headers: dict[bytes, bytes], *, may_be_absent: bool = False) -> None:
    """Refuse a body that is not declared as JSON in UTF-8."""
    kind = headers.get(b"content-type")
    if kind in _JSON or (kind is None and may_be_absent):
        return
    if _media_type(kind or b"") != b"application/json":
        raise Refused(415, "Send Content-Type: application/json.")


def is_csv(headers: dict[bytes, bytes]) -> bool:
    """True for CSV, False for JSON; anything else is refused."""
    kind = headers.get(b"content-type")
    if kind in _JSON:
        return False
    media = _media_type(kind or b"")
    if media not in (b"text/csv", b"application/json"):
        raise Refused(415, "Send Content-Type: application/json or text/csv.")
    return media == b"text/csv"


def _media_type(kind: bytes) -> bytes:
    media, *parameters = (part.strip().lower() for part in kind.split(b";"))
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset" and value.strip(b' "') not in (b"utf-8", b"utf8"):
            raise Refused(415, "Only charset=utf-8 is taken.")
    return media


def check_declared(headers: dict[bytes, bytes]) -> None:
    """Refuse a body that says itself that it is packed or too large, before reading it."""
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refused(415, "Send the body as it is: a Content-Encoding is not taken.")
    length = headers.get(b"content-length")
    if length is not None and len(length) > 6 and int(length) > BODY_LIMIT:
        raise too_large()


def too_large() -> Refused:
    return Refused(413, f"The body is larger than {BODY_LIMIT // 1024**2} MB; send fewer rows.")


def request_id(headers: dict[bytes, bytes]) -> str | None:
    """The client's X-Request-Id, or None where it gave none."""
    given = headers.get(b"x-request-id")
    if given is None:
        return None
    if _REQUEST_ID.fullmatch(given) is None:
        raise Refused(400, "X-Request-Id must be 1 to 128 ASCII letters, digits or signs.")
    return given.decode("ascii")
