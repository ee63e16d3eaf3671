"""Measures ours beside what others would use, in one run. Not part of the tests: a busy machine tells nothing."""
