"""What a user can do, without a screen: one file a noun, one function a verb.

May import store, blobs, core, paths and small pure things of ml. Launches and follows children.
"""
