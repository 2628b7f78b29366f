"""The formats on the wire: server-sent events, OpenAI's JSON, and what a secret looks like. Formats only, no behaviour."""
