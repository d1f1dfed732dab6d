"""SQS as it is documented, at its strictest: stale receipts do nothing, limits are kept."""
