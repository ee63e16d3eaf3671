"""Backups that count once they have been restored. Standard library and psycopg, beside PostgreSQL's own programs; Python 3.11."""
