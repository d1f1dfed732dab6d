"""A simulated Shopify: invented shops whose orders are read over the real GraphQL schema."""
