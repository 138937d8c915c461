"""The bodies that a prediction may come in, told apart behind one shape."""

from __future__ import annotations

from typing import Any, Protocol

from mlops_desktop.blobs.segments import SegmentHeader
from mlops_desktop.child.serving import inference, invocations
from mlops_desktop.child.serving.checks import RowChecker, Rows

Options = dict[str, Any]
Probabilities = list[list[float]] | None


class BodyKind(Protocol):
    """How one protocol reads rows and writes answers."""

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        """The rows in the model's order, and what else the body asks for."""

    def options(self, body: bytes) -> Options:
        """What else a body asks for that parse() has taken before."""

    def render(
        self,
        request_id: str,
        options: Options,
        served: SegmentHeader,
        labels: list[object],
        probabilities: Probabilities,
    ) -> bytes:
        """The answer's body. served says which model version gave it."""


class Json:
    """MLflow's scoring protocol in JSON."""

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        return invocations.parse_json(body, checker)

    def options(self, body: bytes) -> Options:
        return invocations.loads(body).get("params") or {}

    def render(
        self,
        request_id: str,
        options: Options,
        served: SegmentHeader,
        labels: list[object],
        probabilities: Probabilities,
    ) -> bytes:
        if not options.get("probabilities"):
            probabilities = None
        return invocations.answer(request_id, labels, probabilities, list(served.outputs[1:]))


class Csv(Json):
    """MLflow's scoring protocol in CSV: rows only."""

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        return invocations.parse_csv(body, checker), {}

    def options(self, body: bytes) -> Options:  # noqa: ARG002  The shape of BodyKind.
        return {}


class Infer:
    """The Open Inference Protocol."""

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        return inference.parse(body, checker)

    def options(self, body: bytes) -> Options:
        request: Options = invocations.loads(body)
        return request

    def render(
        self,
        request_id: str,
        options: Options,
        served: SegmentHeader,
        labels: list[object],
        probabilities: Probabilities,
    ) -> bytes:
        return inference.answer(
            served.model, served.version, request_id, options, labels, probabilities
        )
