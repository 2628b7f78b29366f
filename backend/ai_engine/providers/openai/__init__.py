"""OpenAI's protocol: chats, embeddings, listing, the Responses API, and the differences of compatible servers."""
