"""The one way in which the server says no."""

from __future__ import annotations


class Refused(Exception):
    """A request that is answered with an error. message is what the client reads.

    version: name and version of the model that was to answer, where that was settled.
    """

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.version: tuple[str, int] | None = None
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
