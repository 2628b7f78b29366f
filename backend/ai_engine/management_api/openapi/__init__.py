"""The API's description: its texts, and an example of every answer."""
