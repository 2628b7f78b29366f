import random
from datetime import UTC, datetime

from ai_engine.events import new_record_id

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_ids_are_unique_hex_of_128_bits_in_the_order_of_time() -> None:
    chance = random.Random(1)
    ids = [new_record_id(NOON.replace(minute=minute), chance.getrandbits) for minute in range(60)]

    assert ids == sorted(set(ids))
    assert all(len(record_id) == 32 and int(record_id, 16) for record_id in ids)
