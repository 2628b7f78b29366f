"""Who may call what, from where: roles, the guard at every route, and the keys that we issue."""
