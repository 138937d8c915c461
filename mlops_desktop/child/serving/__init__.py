"""The parts of the prediction server, `child/serve.py`.

A request passes `transport` (deadlines; the short way for small ones), `guard` (who may ask),
`app` (routes), `invocations` or `inference` (the two protocols), `checks` (the signature), `model`
(the answer) and `recorder` (on record before it is answered; `rowtext` finds a batch's own bytes
for it). `stats` counts; `openapi` describes.
May import ml, blobs and core; pandas and scikit-learn only where a model has no ONNX form.
"""
