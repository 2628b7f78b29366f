"""HTTP requests to providers: one port, and its implementations."""
