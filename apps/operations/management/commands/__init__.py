"""The commands of operation, one a module."""
