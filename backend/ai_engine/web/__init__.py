"""HTTP plumbing: error responses, request bodies, client disconnects, and the middlewares around every route."""
