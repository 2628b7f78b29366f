"""Who can be asked: the provider rows, the adapters that speak their protocols, and what their failures mean."""
