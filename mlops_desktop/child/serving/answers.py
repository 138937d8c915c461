"""From a body to an answer on record: once for each request id, in a thread where it is large."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

import orjson

from mlops_desktop.child.serving import guard as rules
from mlops_desktop.child.serving.active import Active, Canary
from mlops_desktop.child.serving.batches import Irregular
from mlops_desktop.child.serving.checks import Rows
from mlops_desktop.child.serving.model import LoadedModel, Prediction, label_values
from mlops_desktop.child.serving.protocols import BodyKind, Options
from mlops_desktop.child.serving.recorder import Ids, Seen, digest_of
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.child.serving.stats import Stats
from mlops_desktop.child.serving.transport import SMALL_BODY
from mlops_desktop.core.ids import uuid7
from mlops_desktop.ml.attribution import rows_limit

REQUESTS_LIMIT = 64
BUFFER_LIMIT = 48 * 1024 * 1024  # Of large bodies, arriving or waiting, all clients together.
Receive = Callable[[], Awaitable[Any]]
Answer = tuple[bytes, list[tuple[bytes, bytes]]]


class ClientGone(Exception):
    """The client closed the connection before its request had arrived."""


class Done(NamedTuple):
    """A finished prediction: the line for the record, and the answer's body."""

    line: bytes
    body: bytes
    microseconds: int
    prediction: Prediction


class Answers:
    """Answers requests with the active model. Used from the event loop only."""

    def __init__(self, active: Active, ids: Ids, stats: Stats) -> None:
        self.active = active
        self.canary: Canary | None = None
        self._leaving: list[Active] = []
        self._ids = ids
        self._stats = stats
        self._buffered = 0
        self._waiting = 0
        self._aside = ThreadPoolExecutor(1, "large bodies")
        self._explaining = ThreadPoolExecutor(1, "explanations")

    async def answer(
        self, kind: BodyKind, headers: dict[bytes, bytes], receive: Receive, path: str
    ) -> Answer:
        """The answer's body and headers, after it is on record."""
        arrived_ns = time.time_ns()
        rules.check_declared(headers)
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        body: bytes = message["body"]
        small = not message["more_body"] and len(body) <= SMALL_BODY
        if small and not kind.explains(body):
            return self.at_once(kind, headers, body, path)
        given = rules.request_id(headers)
        return await self._answer_large(kind, given, body, message, receive, path, arrived_ns)

    def at_once(
        self, kind: BodyKind, headers: dict[bytes, bytes], body: bytes, path: str
    ) -> Answer:
        """The same for a small body that is here as a whole."""
        arrived_ns = time.time_ns()
        given = rules.request_id(headers)
        digest = ""
        if given is not None:
            replayed = self._replay(kind, given, path, body)
            if replayed is not None:
                return replayed
        request_id = given or uuid7()
        active = self._chosen(path)
        if given is not None:
            digest = digest_of(path, body, active.model.header, active.model.key)
        try:
            done = _work(active.model, kind, request_id, digest, body, arrived_ns)
            return self._record(active, request_id, digest, done, arrived_ns)
        except Refused as refused:
            refused.version = (active.model.name, active.model.version)
            raise

    def exchange(self, fresh: Active) -> None:
        """From now on answer with another model version; what is being answered ends as it is."""
        self._leaving.append(self.active)
        self.active = fresh
        self.try_beside(None)

    def try_beside(self, canary: Canary | None) -> None:
        """Let a second version answer a part from now on, or none any more."""
        if self.canary is not None:
            self._leaving.append(self.canary.active)
        self.canary = canary

    def _chosen(self, path: str) -> Active:
        """The version that answers the next request; a path that names a version means it."""
        canary = self.canary
        if canary is None or "/versions/" in path or not canary.takes_next():
            return self.active
        return canary.active

    def sync(self) -> None:
        """Called once a second from a thread: records reach the disk, left journals close."""
        for active in [a for a in self._leaving if a.users == 0]:
            active.close()
            self._leaving.remove(active)
        for active in self._all():
            active.journal.sync()

    def close(self) -> None:
        self._aside.shutdown()
        self._explaining.shutdown()
        for active in self._all():
            active.close()

    def _all(self) -> list[Active]:
        canary = [] if self.canary is None else [self.canary.active]
        return [*self._leaving, self.active, *canary]

    async def _answer_large(
        self,
        kind: BodyKind,
        given: str | None,
        body: bytes,
        message: Any,
        receive: Receive,
        path: str,
        arrived_ns: int,
    ) -> Answer:
        held = 0
        request_id = given or uuid7()
        try:
            chunks = [body]
            while True:
                held += len(chunks[-1])
                self._buffered += len(chunks[-1])
                if held > rules.BODY_LIMIT:
                    raise rules.too_large()
                if self._buffered > BUFFER_LIMIT:
                    raise Refused(503, "Too many large requests at once.", retry_after="1")
                if not message["more_body"]:
                    break
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone
                chunks.append(message["body"])
            body = b"".join(chunks)
            del chunks
            digest = ""
            if given is not None:
                replayed = self._replay(kind, given, path, body)
                if replayed is not None:
                    return replayed
            if self._waiting >= REQUESTS_LIMIT:
                raise Refused(503, "Too many requests at once.", retry_after="1")
            active = self._chosen(path)
            if given is not None:
                digest = digest_of(path, body, active.model.header, active.model.key)
            active.users += 1
            self._waiting += 1
            self._ids.begin(request_id)
            try:
                aside = self._explaining if kind.explains(body) else self._aside
                done = await asyncio.get_running_loop().run_in_executor(
                    aside, _work, active.model, kind, request_id, digest, body, arrived_ns
                )
                return self._record(active, request_id, digest, done, arrived_ns)
            except Refused as refused:
                refused.version = (active.model.name, active.model.version)
                raise
            finally:
                self._ids.end(request_id)
                self._waiting -= 1
                active.users -= 1
        finally:
            self._buffered -= held

    def _record(
        self, active: Active, request_id: str, digest: str, done: Done, arrived_ns: int
    ) -> Answer:
        try:
            writer, offset = active.journal.append(done.line)
        except Refused:
            self._stats.unrecorded += 1
            raise
        if digest:
            seen = Seen(digest, arrived_ns // 1000, writer.path, writer.header, offset)
            self._ids.remember(request_id, seen)
        stats, model = self._stats, active.model
        stats.of((model.name, model.version)).add(done.microseconds / 1e6)
        stats.predictions += len(done.prediction.y)
        for column, count in done.prediction.checked.unseen.items():
            stats.unseen[column] = stats.unseen.get(column, 0) + count
        return done.body, _headers(request_id)

    def _replay(self, kind: BodyKind, request_id: str, path: str, body: bytes) -> Answer | None:
        key = self.active.model.key
        seen = self._ids.find(request_id, lambda header: digest_of(path, body, header, key))
        if seen is None:
            return None
        try:
            record = seen.read()
        except OSError:
            return None  # Its segment is no longer kept, so this is a new request.
        self._stats.replayed += 1
        values = label_values(list(seen.header.outputs[1:]))
        labels: list[object] = list(record.y)
        if record.p is not None:
            labels = [values[label] for label in record.y]
        options: Options = kind.options(body)
        return (
            kind.render(request_id, options, seen.header, labels, record.p, record.e),
            _headers(request_id),
        )


def _work(
    model: LoadedModel, kind: BodyKind, request_id: str, digest: str, body: bytes, arrived_ns: int
) -> Done:
    explains = kind.explains(body)
    found = None
    if len(body) > SMALL_BODY and not explains:
        with suppress(Irregular):
            batch = kind.batch(body, model.checker)
            found = *model.predict_pieces(batch.pieces), batch.options
    recorded: object
    rows: Rows = []
    if found is not None:
        prediction, text, options = found
        recorded = orjson.Fragment(text)
    else:
        rows, options = kind.parse(body, model.checker)
        _check_number(len(rows), rows_limit(len(model.columns)) if explains else None)
        prediction = model.predict(rows)
        recorded = rows if model.hidden is None else model.hidden.rows(rows)
    fields: dict[str, object] = {"id": request_id, "t": arrived_ns // 1000}
    if digest:
        fields["h"] = digest
    fields["us"] = took = (time.time_ns() - arrived_ns) // 1000
    fields["x"], fields["y"], fields["p"] = recorded, prediction.y, prediction.p
    reasons = None
    if explains:  # What took as long as it took would be no latency of predictions.
        fields["e"] = reasons = model.explain(rows, prediction.y)
        if model.hidden is not None:
            fields["e"] = model.hidden.reasons(reasons)
    line = orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
    labels = model.typed(prediction.y)
    answer = kind.render(request_id, options, model.header, labels, prediction.p, reasons)
    return Done(line, answer, took, prediction)


def _check_number(rows: int, explained: int | None) -> None:
    if rows > rules.ROWS_LIMIT:
        raise Refused(413, f"{rows} rows; at most {rules.ROWS_LIMIT} a request.")
    if explained is not None and rows > explained:
        raise Refused(413, f"{rows} rows; at most {explained} a request are explained.")


def _headers(request_id: str) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]


async def read_body(receive: Receive, limit: int = 1024 * 1024) -> bytes:
    """A small body as a whole."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        body += bytes(message["body"])
        if len(body) > limit:
            raise rules.too_large()
        if not message["more_body"]:
            return body
