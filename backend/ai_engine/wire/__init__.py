"""Wire formats: events, forms, the JSON of each protocol, and the redaction of secrets."""
