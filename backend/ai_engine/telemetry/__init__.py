"""Observers: what happened, told to logs and to the status page. Nothing in here steers."""
