"""The provider rows, the adapters of their protocols, and the classification of their failures."""
