"""The SQLite store (sqlite-utils): the only package that imports sqlite3 or sqlite_utils.

`store.py` opens and writes; each noun has a file with its SQL and its `_from_row`.
"""
