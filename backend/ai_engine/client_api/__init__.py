"""`/v1`: parse what a client sends, guard, hand it to the relay, and encode what comes back."""
