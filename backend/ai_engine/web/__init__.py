"""How HTTP looks from here: error bodies, request bodies, clients that leave, and the middlewares around every route."""
