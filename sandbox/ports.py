"""The ports at which people find the sandbox; tests take any that is free (0)."""

AWS_PORT = 9_324
SHOPIFY_PORT = 9_300
FAULTS_PORT = 9_325
