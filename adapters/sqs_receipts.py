"""What SQS says of a receipt whose message is not hidden for us any more; a leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.aws_failures import code_of

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_CODES = ("MessageNotInflight", "ReceiptHandleIsInvalid")
_STALE = "not available for visibility timeout change"
"""The code is the one of any bad value, such as a message hidden for more than 12 hours."""


def is_no_longer_ours(error: ClientError) -> bool:
    """Whether the message is visible again, somebody else's or gone (ChangeMessageVisibility)."""
    text = str(error.response.get("Error", {}).get("Message", ""))
    return code_of(error).endswith(_CODES) or _STALE in text
