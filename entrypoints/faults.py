"""Which kind of fault a failure of the queue was."""

from __future__ import annotations

from adapters.aws_failures import AWS_ERRORS, fault_of
from domain.failures import Failure, Permanent


def kind_of(failure: Failure) -> str:
    """Out of a closed set, such as `throttled` or `timed-out`; `other` if AWS has no part in it."""
    cause = failure.__cause__
    return fault_of(cause).value if isinstance(cause, AWS_ERRORS) else "other"


def is_fatal(failure: Failure) -> bool:
    """Whether only a person can mend it, if it goes on.

    No such queue, access denied, bad or expired credentials, a clock that is wrong.
    """
    cause = failure.__cause__
    refused = isinstance(failure, Permanent)
    return refused or (isinstance(cause, AWS_ERRORS) and fault_of(cause).fatal)
