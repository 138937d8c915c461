"""The audit chain: each entry's hash covers the entry before it, so no past can be edited."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. detail is JSON text exactly as it was hashed."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str


def entry_hash(
    previous: str, seq: int, at: str, actor: str, action: str, subject: str, detail: str
) -> str:
    """SHA-256 over the entry as canonical JSON (RFC 8785's order is not needed: it is a list)."""
    body = json.dumps([previous, seq, at, actor, action, subject, detail], ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def first_break(entries: list[AuditEntry]) -> int | None:
    """The seq of the first entry that was changed, removed or slipped in, or None."""
    previous = GENESIS
    for expected, e in enumerate(entries, start=1):
        computed = entry_hash(previous, e.seq, e.at, e.actor, e.action, e.subject, e.detail)
        if e.seq != expected or e.previous != previous or e.hash != computed:
            return expected
        previous = e.hash
    return None
