


def _is_beyond_providers(told: AIEngineError) -> bool:
    """Whether nobody could answer or had the operation at all, as against a fault of the request that somebody found."""
    return isinstance(told, Unavailable | Inexpressible) or (
        isinstance(told, RefusedByProvider) and told.status in (404, 405, 501)
    )
