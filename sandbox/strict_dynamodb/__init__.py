"""DynamoDB in memory, as strict as AWS documents it; time and faults come from outside."""
