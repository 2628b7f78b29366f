"""Authentication and authorization: roles, the guard of every route, issued keys, sessions and the audit."""
