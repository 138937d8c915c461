"""Programs that run in a process of their own: ingest, train, serve. They never open the database.

May import ml, blobs, core and paths.
"""
