"""One screen a noun, and the window around them. Panels never import each other or the store."""
