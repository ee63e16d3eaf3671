"""Management commands about how a server does: each is a thin edge."""
