"""Execution plans: an operation compiled once into code that answers it, in place of an interpreter. docs/plans.md."""
