"""One technology a module: how the domain's ports meet SQS, DynamoDB, Shopify, Prometheus."""
