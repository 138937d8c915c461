"""The bodies that a prediction may come in, told apart behind one shape."""

from __future__ import annotations

from typing import Any, Protocol

from mlops_desktop.blobs.segments import SegmentHeader
from mlops_desktop.child.serving import batches, inference, invocations
from mlops_desktop.child.serving.batches import Batch
from mlops_desktop.child.serving.checks import RowChecker, Rows

Options = dict[str, Any]
Probabilities = list[list[float]] | None
Explained = list[dict[str, Any]] | None


class BodyKind(Protocol):
    """How one protocol reads rows and writes answers."""

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        """The rows in the model's order, and what else the body asks for."""

    def batch(self, body: bytes, checker: RowChecker) -> Batch:
        """The same in pieces. Raises Irregular where parse() must be asked."""

    def options(self, body: bytes) -> Options:
        """What else a body asks for that parse() has taken before."""

    def explains(self, body: bytes) -> bool:
        """Whether each answer is to be explained, which takes longer than to give it."""

    def render(
        self,
        request_id: str,
        options: Options,
        served: SegmentHeader,
        labels: list[object],
        probabilities: Probabilities,
        reasons: Explained,
    ) -> bytes:
        """The answer's body. served says which model version gave it."""


class Json:
    """MLflow's scoring protocol in JSON. explain: the address asks for explanations."""

    def __init__(self, *, explain: bool = False) -> None:
        self._explain = explain

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        return invocations.parse_json(body, checker)

    def batch(self, body: bytes, checker: RowChecker) -> Batch:
        return batches.of_json(body, checker)

    def options(self, body: bytes) -> Options:
        return invocations.loads(body).get("params") or {}

    def explains(self, body: bytes) -> bool:  # noqa: ARG002  The shape of BodyKind.
        return self._explain

    def render(
        self,
        request_id: str,
        options: Options,
        served: SegmentHeader,
        labels: list[object],
        probabilities: Probabilities,
        reasons: Explained,
    ) -> bytes:
        if not options.get("probabilities"):
            probabilities = None
        classes: list[object] = list(served.outputs[1:])
        return invocations.answer(request_id, labels, probabilities, classes, reasons)


class Csv(Json):
    """MLflow's scoring protocol in CSV: rows only."""

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        return invocations.parse_csv(body, checker), {}

    def batch(self, body: bytes, checker: RowChecker) -> Batch:
        return batches.of_csv(body, checker)

    def options(self, body: bytes) -> Options:  # noqa: ARG002  The shape of BodyKind.
        return {}


class Infer:
    """The Open Inference Protocol."""

    def parse(self, body: bytes, checker: RowChecker) -> tuple[Rows, Options]:
        return inference.parse(body, checker)

    def batch(self, body: bytes, checker: RowChecker) -> Batch:
        return batches.of_infer(body, checker)

    def options(self, body: bytes) -> Options:
        request: Options = invocations.loads(body)
        return request

    def explains(self, body: bytes) -> bool:
        return b'"explain"' in body and inference.explains(invocations.loads(body))

    def render(
        self,
        request_id: str,
        options: Options,
        served: SegmentHeader,
        labels: list[object],
        probabilities: Probabilities,
        reasons: Explained,
    ) -> bytes:
        return inference.answer(served, request_id, options, labels, probabilities, reasons)
