"""AI Engine: one OpenAI-compatible endpoint in front of every model provider."""

__version__ = "3.0.0"
