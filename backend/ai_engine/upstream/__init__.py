"""How bytes reach a provider and come back: one port, and the engines behind it."""
