"""The outcomes of an action that are not a value: a user's error, a failed check, a cancel."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend. ``str()`` is what the user reads.

    what: one sentence that names the thing and what is wrong with it.
    why:  the cause, where it is known.
    hint: what to do now.
    """

    exit_code = 2

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.hint) if part)


class CheckFailed(UserError):
    """A rule said no (a gate, an approval that is missing): the command line exits with 1."""

    exit_code = 1


class ChecksFailed(CheckFailed):
    """Data broke a rule that blocks. Who knows better may go on all the same, with a reason."""


class NotFound(UserError):
    """A name, number or id that the workspace does not hold."""


class DiskFull(UserError):
    """There is no room for what was to be written."""


class Damaged(UserError):
    """Stored bytes that are missing or no longer match their hash: our fault or the disk's."""

    exit_code = 3


class Cancelled(Exception):
    """The user asked to stop. Shown to nobody: they know."""
