"""`/api`, `/ws`, `/metrics` and `/health`: one module per resource. No other feature imports them."""
