"""`/v1/messages`: Anthropic's Messages API in front of any provider."""
