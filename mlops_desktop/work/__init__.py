"""The worker pools and job objects: actions run here, off the GUI thread.

May import actions and, of Qt, QtCore only.
"""
