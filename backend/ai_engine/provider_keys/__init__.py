"""The provider keys: which one an attempt gets, and their cooldowns."""
