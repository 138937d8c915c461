"""Bodies that MLflow's and MLServer's own clients build, run where those are installed.

Prints one JSON object of bodies by name; with PORT and TOKEN it also asks that server, and reads
the answers with the clients' own types. Needs mlflow-skinny, mlserver, scipy and pandas<3.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
import requests
from mlflow.deployments import PredictionsResponse
from mlflow.models import convert_input_example_to_serving_input
from mlflow.utils.proto_json_utils import dump_input_data
from mlserver.codecs import NumpyRequestCodec, PandasCodec
from mlserver.types import (
    InferenceRequest,
    InferenceResponse,
    MetadataModelResponse,
    Parameters,
    RequestInput,
)

FRAME = pd.DataFrame(
    {
        "hr": [8, 20],
        "temp": [0.5, np.nan],
        "season": ["winter", "summer"],
        "holiday": [False, True],
        "at": ["2011-01-03T08:00:00", "2011-01-04T20:00:00"],
    }
)
WHOLE = FRAME.fillna({"temp": 0.25})
GAPS = FRAME.assign(season=["winter", None])


def bodies() -> dict[str, str]:
    """By the client that builds it and the kind of what it is given."""
    return {
        "mlflow frame": dump_input_data(WHOLE),
        "mlflow frame with params": dump_input_data(WHOLE, params={"probabilities": False}),
        "mlflow rows": dump_input_data(WHOLE.to_dict("records")),
        "mlflow example": convert_input_example_to_serving_input(FRAME),
        "mlflow example with gaps": convert_input_example_to_serving_input(GAPS),
        "mlflow NaN": dump_input_data(FRAME),  # Python's json writes it.
        "mlserver frame": _plain(PandasCodec.encode_request(FRAME, use_bytes=False)),
        "mlserver inputs": _plain(_request()),
    }


def _request() -> InferenceRequest:
    """A table by MLServer's own types: one input a column, texts as BYTES."""
    kinds = ("INT64", "FP64", "BYTES", "BOOL", "BYTES")
    inputs = [
        RequestInput(
            name=name,
            shape=[len(WHOLE), 1],
            datatype=kind,
            data=WHOLE[name].tolist(),
            parameters=Parameters(content_type="str") if kind == "BYTES" else None,
        )
        for name, kind in zip(WHOLE, kinds, strict=True)
    ]
    return InferenceRequest(
        id="mine", parameters=Parameters(content_type="pd"), inputs=inputs, outputs=[]
    )


def _plain(request: Any) -> str:
    text: str = request.model_dump_json()
    return text


def ask(port: str, token: str) -> None:
    """Every body to its route; what comes back must be what the client's types take."""
    base, secret = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
    headers = secret | {"Content-Type": "application/json"}
    for name, body in bodies().items():
        path = "/invocations" if name.startswith("mlflow") else "/v2/models/bike/infer"
        answer = requests.post(base + path, data=body, headers=headers, timeout=20)
        assert answer.status_code == 200, (name, answer.text)
        if name.startswith("mlflow"):
            predictions = PredictionsResponse.from_json(answer.text).get_predictions()
            assert predictions.iloc[0, 0] == 109.0, predictions
        else:
            read = InferenceResponse.model_validate_json(answer.text)
            frame = PandasCodec.decode_response(read)
            assert frame["prediction"].tolist()[0] == 109.0
    about = requests.get(f"{base}/v2/models/bike", headers=secret, timeout=20).text
    inputs = MetadataModelResponse.model_validate_json(about).inputs
    assert inputs is not None
    assert [tensor.name for tensor in inputs] == list(FRAME)
    tensor = NumpyRequestCodec.encode_request(np.array([[1.0, 2.0]]))
    refused = requests.post(
        f"{base}/v2/models/bike/infer", data=_plain(tensor), headers=headers, timeout=20
    )
    assert refused.status_code == 400
    assert "error" in refused.json()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ask(*sys.argv[1:])
    sys.stdout.write(json.dumps(bodies(), indent=1))
