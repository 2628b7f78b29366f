"""Autodecide: who can serve a request (`candidates`), how good they are (`score`), in which order they are tried (`plan`)."""
