"""`/ws`: its routes, and the feed behind them."""
