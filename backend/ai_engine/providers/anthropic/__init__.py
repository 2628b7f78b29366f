"""Anthropic's Messages API: chats translated to it and back, and its own format passed through whole."""
