"""The gallery's commands, one a module."""
