"""Restores that destroy nothing: into a database beside the live one, compared there, then names are swapped. Needs psycopg."""
