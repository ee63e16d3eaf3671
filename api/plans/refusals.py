"""Why an operation has no plan, or a plan no answer. Nobody outside is told: the executor answers then."""


class UnplannableError(Exception):
    """The operation has something that plans don't know; the text says what."""


class NotInRowsError(UnplannableError):
    """A selection needs whole objects, and not only columns."""


class NothingToAskError(UnplannableError):
    """A query has no rows whatever there is, so Django makes no SQL of it."""


class NoAnswerError(Exception):
    """A value is not what the schema says of it, so there is an error to tell, with its path: the executor does that."""
