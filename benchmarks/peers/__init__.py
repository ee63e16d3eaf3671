"""`make bench`: the same questions asked of this and of its peers, over the same rows of one PostgreSQL, in turn within one run."""
