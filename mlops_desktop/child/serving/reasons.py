"""Explanations that clients see: what each column added to the answer of each row.

Imported and loaded when the first client asks for one; see `ml/attribution.py` for the method.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.models import Signature
from mlops_desktop.ml.attribution import WIDEST, Attributor
from mlops_desktop.ml.served_features import Encoder
from mlops_desktop.paths import Workspace

Reason = dict[str, Any]


class Reasons:
    """Explains the answers of one model version. Safe to use from several threads."""

    def __init__(
        self,
        workspace: Workspace,
        files: dict[str, str],
        signature: Signature,
        encoder: Encoder,
        run: Callable[[Any], Any],
    ) -> None:
        """run: the answers [rows, outputs] to encoded rows."""
        if modelfiles.BACKGROUND not in files:
            raise Refused(
                422,
                "This model version cannot be explained: an older version of the app trained it, "
                "and kept no rows to compare with. Train it again.",
            )
        names = [field.name for field in signature.inputs]
        if len(names) > WIDEST:
            raise Refused(
                422,
                f"This model has {len(names):,} columns; at most {WIDEST:,} can be explained.",
            )

        def score(columns: Sequence[Sequence[Any]]) -> Any:
            encoded = encoder.encode_table(dict(zip(names, columns, strict=True)))
            return np.asarray(run(encoded), dtype=np.float64)

        background = json.loads(objects.get_bytes(workspace, files[modelfiles.BACKGROUND]))
        self._attributor = Attributor(background, score)
        self._names, self._signature = names, signature

    def of(self, rows: Sequence[Sequence[object]], y: Sequence[object]) -> list[Reason]:
        """One explanation a row, its columns by what they added, the largest first.

        y: the answers. Of two classes the positive one's probability is explained, of several the
        answered one's.
        """
        return [self._of_row(row, said) for row, said in zip(rows, y, strict=True)]

    def _of_row(self, row: Sequence[object], said: object) -> Reason:
        found = self._attributor.explain(row)
        if not np.isfinite(found.contributions).all():
            raise Refused(400, "The numbers are too large for this model to be explained.")
        signature, at = self._signature, 0
        if len(signature.classes) == 2:
            at = 0 if signature.positive == signature.classes[0] else 1
        elif signature.classes:
            at = signature.classes.index(str(said))
        parts = found.contributions[:, at].tolist()
        by_size = sorted(zip(self._names, parts, strict=True), key=lambda part: -abs(part[1]))
        return {
            "of": signature.classes[at] if signature.classes else signature.target,
            "answer": float(found.answer[at]),
            "baseline": float(found.baseline[at]),
            "contributions": dict(by_size),
        }
