"""OpenAI's protocol: its chats, embeddings and listing, its Responses API, and what its compatible servers do differently."""
