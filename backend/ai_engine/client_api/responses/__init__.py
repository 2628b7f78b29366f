"""OpenAI's Responses API over any provider: requests as chats, answers and events from chats, and the store of responses."""
