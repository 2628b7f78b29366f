"""Carries one client request to an upstream and its answer back; knows nothing of the client's protocol or of HTTP servers."""
