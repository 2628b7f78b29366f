"""Google Vertex AI: Gemini's and Anthropic's formats at another address, with other authentication."""
