"""Cohere's v2 API: chat, embeddings and rerank."""
