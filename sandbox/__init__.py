"""A simulated Shopify and local AWS endpoints: what the demo, the tests and the benchmarks run against."""
