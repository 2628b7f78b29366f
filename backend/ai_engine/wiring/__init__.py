"""Builds every service once, and chooses which implementation stands behind each port."""
