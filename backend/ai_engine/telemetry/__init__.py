"""Observers of events: logs, metrics, traces and performance. They do not influence requests."""
