"""Management commands of the whole: each is a thin edge."""
