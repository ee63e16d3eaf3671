"""`make test-previous`: the tests of the version before, on this version's schema, which a rollback lives with."""
