"""Pieces of tools' calls in a streamed chat, and to which call each belongs."""


def begins_another(call_id: str, name: str, index: object, given_id: object) -> bool:
    """Whether a piece with a name begins another call than this one, which has its index, or was the last where it has none.

    `call_id` and `name` are the call's, as far as they are known. Servers exist that give every call the index 0, or none, and
    such as repeat id and name with every piece.
    """
    if given_id and call_id:
        return given_id != call_id
    return type(index) is not int and bool(name)
