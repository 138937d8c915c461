"""The audit chain notices every kind of tampering."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlops_desktop.core.audit import GENESIS, AuditEntry, entry_hash, first_break


def chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    previous = GENESIS
    for seq in range(1, length + 1):
        parts = (previous, seq, f"2026-01-0{seq}", "me", "model.approved", f"m@{seq}", "{}")
        previous_hash, previous = previous, entry_hash(*parts)
        entries.append(AuditEntry(*parts[1:], previous=previous_hash, hash=previous))
    return entries


def test_that_an_untouched_chain_is_whole() -> None:
    assert first_break(chain(5)) is None
    assert first_break([]) is None


@pytest.mark.parametrize(
    "field", ["at", "actor", "action", "subject", "detail", "previous", "hash"]
)
def test_that_a_changed_field_is_found(field: str) -> None:
    entries = chain(5)
    entries[2] = replace(entries[2], **{field: "changed"})
    assert first_break(entries) == 3


def test_that_a_removed_entry_is_found() -> None:
    entries = chain(5)
    del entries[2]
    assert first_break(entries) == 3


def test_that_an_entry_that_was_slipped_in_is_found() -> None:
    entries = chain(5)
    entries.insert(2, entries[1])
    assert first_break(entries) == 3
