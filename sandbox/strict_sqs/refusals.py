"""What SQS refuses, under its own codes. Source: the API reference's errors of each action."""

from typing import Any

_QUERY = "AWS.SimpleQueueService."
_QUERY_CODES = {
    "BatchEntryIdsNotDistinct": _QUERY + "BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": _QUERY + "BatchRequestTooLong",
    "EmptyBatchRequest": _QUERY + "EmptyBatchRequest",
    "InvalidBatchEntryId": _QUERY + "InvalidBatchEntryId",
    "MessageNotInflight": _QUERY + "MessageNotInflight",
    "QueueDoesNotExist": _QUERY + "NonExistentQueue",
    "TooManyEntriesInBatchRequest": _QUERY + "TooManyEntriesInBatchRequest",
    "UnsupportedOperation": _QUERY + "UnsupportedOperation",
    "InvalidParameterValueException": "InvalidParameterValue",
    "MissingRequiredParameterException": "MissingParameter",
    "ResourceNotFoundException": "ResourceNotFoundException",
}


class Refused(Exception):
    """A call that SQS answers with an error; shaped like botocore's ClientError.

    `shape` is the error's name in SQS's JSON protocol; `code` what botocore reports (SQS keeps the
    codes of its older query protocol for it).
    """

    def __init__(self, shape: str, message: str, status: int = 400) -> None:
        super().__init__(f"{shape}: {message}")
        self.shape = shape
        self.message = message
        self.status = status

    @property
    def code(self) -> str:
        return _QUERY_CODES.get(self.shape, self.shape)

    @property
    def response(self) -> dict[str, Any]:
        """As `ClientError.response`."""
        fault = "Sender" if self.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's server errors
        return {
            "Error": {"Code": self.code, "Message": self.message, "Type": fault},
            "ResponseMetadata": {"HTTPStatusCode": self.status},
        }

    def entry(self, entry_id: str) -> dict[str, Any]:
        """As an entry of a batch's `Failed`."""
        return {
            "Id": entry_id,
            "SenderFault": self.status < 500,  # noqa: PLR2004 - HTTP's server errors
            "Code": self.code,
            "Message": self.message,
        }


def bad_value(value: object, name: str, why: str) -> Refused:
    return Refused(
        "InvalidParameterValueException",
        f"Value {value} for parameter {name} is invalid. Reason: {why}.",
    )


def missing(name: str) -> Refused:
    return Refused(
        "MissingRequiredParameterException", f"The request must contain the parameter {name}."
    )
