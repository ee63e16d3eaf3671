"""Moves media from one place to the other while the site runs: `manage.py move_media`."""
