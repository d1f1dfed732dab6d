"""A simulated Shopify and local AWS endpoints, for the demo, the tests and the benchmarks."""
