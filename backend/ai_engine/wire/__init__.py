"""The formats on the wire: events, forms, the JSON of each protocol, and what a secret looks like. Formats only, no behaviour."""
