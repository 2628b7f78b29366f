"""Which models there are: names and how they match (`model_names`), the snapshot of all routes, and how it stays fresh."""
