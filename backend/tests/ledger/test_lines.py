from decimal import Decimal
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.database.schema import attempts, requests
from ai_engine.events import RequestFinished
from ai_engine.ledger.lines import AttemptRow, RequestRow, decode, encode, request_of
from ai_engine.names import Route
from tests.ledger.builders import a_failed_attempt, a_request, an_attempt, entry_of, random_records


def read_back(record: RequestFinished) -> RequestFinished:
    entry = entry_of(record)
    return request_of(entry.request, entry.attempts)


def test_rows_have_the_columns_of_their_tables_in_order() -> None:
    assert RequestRow._fields == tuple(requests.columns.keys())
    assert AttemptRow._fields == tuple(attempts.columns.keys())


def test_a_record_comes_back_as_it_was() -> None:
    record = a_request(
        attempts=(a_failed_attempt(1), an_attempt(2, reason="next_key")),
        cost_usd=None,
        client=None,
        absorbed_usd=Decimal("1e-12"),
        client_wait_ms=0.25,
    )

    assert read_back(record) == record


def test_a_cost_that_nobody_can_mean_is_unknown_and_costs_no_record() -> None:
    record = a_request(cost_usd=Decimal("1e30"), attempts=(an_attempt(cost_usd=Decimal("1e30")),))

    back = read_back(record)
    assert back == record._replace(cost_usd=None, attempts=(an_attempt(cost_usd=None),))


def test_a_record_is_one_line_whatever_its_names_hold() -> None:
    line = encode(a_request(requested_model="a\nb\r\u2028c"))

    assert line.endswith(b"\n")
    assert len(line.splitlines()) == 1


@given(st.text(st.characters(), max_size=400))
def test_every_name_becomes_text_that_every_database_takes(name: str) -> None:
    text = read_back(a_request(requested_model=name, route=Route("openai", name))).requested_model

    assert "\0" not in text
    assert len(text) <= 256
    text.encode()
    if "\0" not in name and len(name) <= 256 and name.encode("utf-8", "ignore").decode() == name:
        assert text == name


@pytest.mark.parametrize("damage", [b"", b"\n", b"garbage", b"00000000 [[],[]]", b"\0" * 600])
def test_a_damaged_line_is_known(damage: bytes) -> None:
    assert decode(damage) is None


@pytest.mark.parametrize("body", [b"not JSON", b"5", b"[]", b"[[1],[]]", b"[[],[],[]]"])
def test_a_whole_line_of_another_form_is_damaged_too(body: bytes) -> None:
    assert decode(b"%08x %b" % (crc32(body), body)) is None


@given(st.data())
def test_a_line_that_was_cut_or_changed_anywhere_is_known(data: st.DataObject) -> None:
    line = encode(random_records(3, 1)[0]).rstrip(b"\n")
    at = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[at]))

    assert decode(line[:at]) is None
    assert decode(line[:at] + bytes([other]) + line[at + 1 :]) is None


def test_durations_that_are_none_do_not_reach_the_database() -> None:
    record = read_back(a_request(duration_ms=float("nan"), upstream_ms=-3.0, first_token_ms=float("inf")))

    assert (record.duration_ms, record.upstream_ms, record.overhead_ms, record.first_token_ms) == (0, 0, 0, 0)
