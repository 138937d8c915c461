"""The words and rules of the application: frozen dataclasses, states and their legal moves.

May import the standard library and numpy, nothing else.
"""
