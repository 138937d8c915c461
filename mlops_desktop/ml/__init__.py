"""Pure functions on tables and estimators: no disk, no Qt, no store.

May import core. scikit-learn, pandas and the ONNX tools are imported inside functions or by
modules that only children load; encode.py and sketch.py need numpy alone, since servers use them.
"""
