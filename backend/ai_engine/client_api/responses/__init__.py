"""OpenAI's Responses API in front of any provider: its requests as chats, its answers and events from them, and what it keeps."""
