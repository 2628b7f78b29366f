"""The OpenAPI document: texts, and an example of every response."""
