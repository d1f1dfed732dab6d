"""Schedules of an erasure beside a sync, over the real adapters and a strict DynamoDB."""
