"""Anthropic's Messages API: chats are translated to it and back, its own format is passed through."""
