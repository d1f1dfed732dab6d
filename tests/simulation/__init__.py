"""The real message handling over the real adapters, in a world that misbehaves from a seed.

Start at `world.py` (what may happen, and when), `worker.py` (a process), `aws.py` (the network to
SQS and DynamoDB) and `properties.py` (what must hold). `python -m tests.simulation --help` plays
single seeds and whole soaks.
"""
