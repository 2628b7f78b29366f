"""Which providers there are: the definition of one, the built-in rows, and what the configuration makes of them."""
