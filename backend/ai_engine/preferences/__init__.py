"""What an admin changes at run time, provider by provider, and what survives a restart of it."""
