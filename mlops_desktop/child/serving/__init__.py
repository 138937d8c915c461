"""The parts of the prediction server, `child/serve.py`.

A request passes `transport` (deadlines), `guard` (who may ask), `app` (routes), `invocations` or
`inference` (the two protocols), `checks` (the signature), `model` (the answer) and `recorder`
(on record before it is answered). `stats` counts; `openapi` describes.
May import ml, blobs and core; pandas and scikit-learn only where a model has no ONNX form.
"""
