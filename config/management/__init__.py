"""Management commands of the whole."""
