"""`/api` and `/health`: what operators see and change. One thin file per resource; no feature knows of them."""
