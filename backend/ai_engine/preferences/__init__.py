"""Preferences per provider that admins change at run time; kept across restarts."""
