"""What each kind of step does: `planning.py` has the list. May use ml and core, as all of ml."""
