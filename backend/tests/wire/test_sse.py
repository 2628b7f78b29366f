import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ai_engine.wire.sse import EventReader, EventTooLarge, encode_event, encode_events


def read(*chunks: bytes) -> list[bytes]:
    reader = EventReader()
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events + reader.end()


def read_by_the_book(stream: bytes) -> list[bytes]:
    """The standard, line by line and slowly, on the whole stream; an event at the end needs no blank line."""
    lines = re.split(rb"\r\n|\r|\n", stream.removeprefix(b"\xef\xbb\xbf"))
    events, data = [], None
    for line in [*lines, b""]:
        if not line:
            if data:
                events.append(b"\n".join(data))
            data = None
            continue
        field, _, value = line.partition(b":")
        if field == b"data":
            data = [*(data or []), value.removeprefix(b" ")]
    return [event for event in events if event]


def test_one_line_events_are_read_in_order() -> None:
    assert read(b'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n') == [b'{"a":1}', b'{"b":2}', b"[DONE]"]


def test_an_event_may_be_split_anywhere() -> None:
    assert read(b"da", b"ta: on", b"e\n", b"\nda", b"ta: two\n\n") == [b"one", b"two"]


def test_a_split_inside_a_character_does_not_tear_it() -> None:
    encoded = "data: grüße 🦊\n\n".encode()
    for place in range(len(encoded)):
        assert read(encoded[:place], encoded[place:]) == ["grüße 🦊".encode()]


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
def test_every_line_end_of_the_standard_is_understood(line_end: bytes) -> None:
    assert read(b"data: one" + line_end * 2 + b"data: two" + line_end * 2) == [b"one", b"two"]


def test_a_line_end_split_between_its_two_characters_is_one() -> None:
    assert read(b"data: one\r", b"\n\r", b"\ndata: two\r\n\r", b"", b"\n") == [b"one", b"two"]


def test_an_event_is_given_when_its_last_carriage_return_comes_and_not_later() -> None:
    assert EventReader().feed(b"data: one\r\r") == [b"one"]


def test_a_field_needs_no_space_after_its_colon_and_loses_only_one() -> None:
    assert read(b"data:one\n\ndata:  two\n\n") == [b"one", b" two"]


def test_several_data_lines_are_joined_with_a_line_feed() -> None:
    assert read(b"data: {\ndata: }\n\n") == [b"{\n}"]


def test_comments_ids_retries_and_event_names_are_dropped() -> None:
    stream = b": OPENROUTER PROCESSING\n\nid: 7\nretry: 10\nevent: message\ndata: one\n\n:\n\nevent: ping\n\ndata\n\ndata:\n\n"
    assert read(stream) == [b"one"]


def test_a_byte_order_mark_is_skipped_at_the_start_only() -> None:
    assert read(b"\xef", b"\xbb\xbfdata: one\n\n") == [b"one"]
    assert read(b"\xef\xbb\xbfdata: one") == [b"one"]
    assert read(b"data: one\n\n\xef\xbb\xbfdata: two\n\n") == [b"one"]


def test_an_event_that_only_lacks_its_blank_line_is_given_at_the_end() -> None:
    assert read(b"data: one\n\ndata: two\n") == [b"one", b"two"]
    assert read(b"data: one\n\ndata: two") == [b"one", b"two"]


def test_what_is_unfinished_can_be_looked_at() -> None:
    reader = EventReader()
    reader.feed(b'{"detail":')
    reader.feed(b'"no"}')
    assert reader.unfinished == b'{"detail":"no"}'


def test_an_event_beyond_the_bound_is_refused_in_pieces_and_in_one() -> None:
    reader = EventReader(limit_bytes=100)
    reader.feed(b"data: " + b"x" * 60)
    with pytest.raises(EventTooLarge):
        reader.feed(b"x" * 60)
    with pytest.raises(EventTooLarge):
        EventReader(limit_bytes=100).feed(b"data: " + b"x" * 200 + b"\n\n")
    with pytest.raises(EventTooLarge):
        EventReader(limit_bytes=100).feed(b"data: a\n\n" + b"data: " + b"x" * 200 + b"\n\ndata: b\n\n")


def test_many_small_events_in_one_read_are_within_the_bound() -> None:
    assert len(EventReader(limit_bytes=100).feed(b"data: some text\n\n" * 50)) == 50


def test_a_large_event_in_small_pieces_costs_no_more_than_its_bytes() -> None:
    reader = EventReader()
    for _ in range(2000):
        assert reader.feed(b"x" * 4096) == []
    assert len(reader.unfinished) == 2000 * 4096


def test_what_is_written_is_read_back() -> None:
    assert read(encode_event(b'{"a":1}')) == [b'{"a":1}']


def test_a_named_event_has_its_name_beside_its_data() -> None:
    framed = encode_event(b'{"type":"ping"}', "ping")

    assert framed == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert read(framed) == [b'{"type":"ping"}']


def test_several_events_follow_each_other_with_a_name_only_where_there_is_one() -> None:
    framed = encode_events([("ping", b'{"type":"ping"}'), ("", b"[DONE]")])

    assert framed == b'event: ping\ndata: {"type":"ping"}\n\ndata: [DONE]\n\n'
    assert encode_events(()) == b""


PIECES = st.sampled_from(
    [
        b"data: ",
        b"data:",
        b"data",
        b"id: 1",
        b"event: x",
        b": note",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"{}",
        b"[DONE]",
        "ü🦊".encode(),
        b"\xef\xbb\xbf",
        b"retry",
    ]
)


@given(st.lists(PIECES, max_size=40).map(b"".join), st.lists(st.integers(0, 200), max_size=12))
@example(b"data: a\r\n\r\ndata: b\r\n\r\n", [8, 9, 10, 11])
@example(b"data: a\n\n", [9])
def test_any_split_of_any_stream_gives_what_the_standard_says(stream: bytes, places: list[int]) -> None:
    cuts = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    chunks = [stream[start:end] for start, end in itertools.pairwise(cuts)]
    assert read(*chunks) == read_by_the_book(stream)
