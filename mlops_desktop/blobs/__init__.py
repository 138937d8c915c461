"""Content-addressed files without SQL: objects, table chunks, manifests, prediction segments.

Used by the store and by child processes. May import core, paths, numpy and pyarrow.
"""
