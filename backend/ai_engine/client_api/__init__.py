"""`/v1`: reads clients' requests, checks access, passes them to the relay, and encodes the answers."""
