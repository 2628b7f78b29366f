"""How well routes and providers do: the breaker takes them out of rotation, the track record feeds the score."""
