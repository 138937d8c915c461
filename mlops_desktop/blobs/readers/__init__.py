"""Files from outside as streams of record batches with our types, one file a format.

`formats.open_file` tells which; children import with it, and rows to predict are read by it.
"""
