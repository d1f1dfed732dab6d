"""SQS and DynamoDB on this machine: moto, made atomic, and made to refuse what AWS refuses."""
