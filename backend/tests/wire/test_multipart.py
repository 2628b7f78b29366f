import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.errors import InvalidRequest
from ai_engine.wire.multipart import is_form, read_form
from tests.fakes.forms import BOUNDARY, FORM, SOUND, field, file, form

CONTENT_TYPE = FORM.encode()


def test_fields_are_read_and_files_are_known_by_name() -> None:
    read = read_form(CONTENT_TYPE, form(field("model", "whisper-1"), file("file"), field("prompt", "grüße")))
    assert (read, read.files) == ({"model": "whisper-1", "prompt": "grüße"}, {"file"})


def test_a_field_that_stands_there_several_times_is_a_list() -> None:
    read = read_form(CONTENT_TYPE, form(field("include[]", "a"), field("include[]", "b"), field("include[]", "c")))
    assert read == {"include[]": ["a", "b", "c"]}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("model", ["", "x", "openai/gpt-4o-transcribe-and-more", "ü"])
def test_only_the_models_name_is_replaced(place: int, model: str) -> None:
    others = [file("file"), field("prompt", "model")]
    before, after = others.copy(), others.copy()
    before.insert(place, field("model", "small"))
    after.insert(place, field("model", model))
    assert read_form(CONTENT_TYPE, form(*before)).with_field("model", model) == form(*after)


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.binary(max_size=200), TEXT.filter(bool), TEXT)
def test_whatever_the_file_holds_it_stays_as_it_was(content: bytes, old: str, new: str) -> None:
    raw = form(file("file", content), field("model", old), file("mask", SOUND))
    if f"\r\n--{BOUNDARY}".encode() in content or BOUNDARY in old:
        return
    read = read_form(CONTENT_TYPE, raw)
    assert (read["model"], read.files) == (old, {"file", "mask"})
    assert read.with_field("model", new) == form(file("file", content), field("model", new), file("mask", SOUND))


def test_what_stands_before_and_after_the_form_is_let_be() -> None:
    raw = form(field("model", "a")) + b"an epilogue"
    assert read_form(CONTENT_TYPE, raw).with_field("model", "bc") == form(field("model", "bc")) + b"an epilogue"


BROKEN = {
    "nothing": b"",
    "no boundary at all": b"hello",
    "another boundary": form(field("model", "a")).replace(BOUNDARY.encode(), b"--other"),
    "cut in a header": form(field("model", "a"))[:60],
    "cut in a part": form(field("model", "a"), file("file"))[:-80],
    "no closing boundary": form(field("model", "a")).removesuffix(b"--\r\n") + b"\r\n",
    "a part without a name": form(b"Content-Disposition: form-data\r\n\r\na"),
    "a part without headers": form(b"\r\na"),
    "a header that is none": form(b"Content Disposition\r\n\r\na"),
    "a header without end": form(b"X: " + b"a" * 100_000 + b"\r\n\r\na"),
    "too many headers": form(b"".join(b"X-%d: a\r\n" % number for number in range(100)) + b"\r\na"),
    "too many parts": form(*[field("a", "b")] * 1001),
}

SLOW = {
    "lines that begin as boundaries do": f"\r\n--{BOUNDARY}x".encode() * 200_000,
    "space behind a boundary": f"\r\n--{BOUNDARY}".encode() + b" \t" * 4_000_000,
}


@pytest.mark.parametrize("content", SLOW.values(), ids=SLOW)
def test_a_form_that_would_take_seconds_to_read_is_refused_at_once(content: bytes) -> None:
    began_at = time.process_time()
    with pytest.raises(InvalidRequest, match="The form is invalid"):
        read_form(CONTENT_TYPE, form(field("model", "tiny"), file("file", content)))
    assert time.process_time() - began_at < 0.5


def test_a_little_space_behind_a_boundary_is_none_of_the_form() -> None:
    raw = form(field("model", "a"), field("prompt", "b")).replace(
        b'\r\nContent-Disposition: form-data; name="prompt"', b' \t\r\nContent-Disposition: form-data; name="prompt"'
    )
    assert read_form(CONTENT_TYPE, raw) == {"model": "a", "prompt": "b"}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_a_broken_form_is_refused_in_a_sentence(raw: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^The form is invalid: .*[.]$") as caught:
        read_form(CONTENT_TYPE, raw)
    assert caught.value.code == "invalid_form"


@pytest.mark.parametrize("content_type", [b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; x=y"])
def test_without_its_boundary_no_form_can_be_read(content_type: bytes) -> None:
    with pytest.raises(InvalidRequest, match="no boundary"):
        read_form(content_type, form(field("model", "a")))


def test_an_endless_boundary_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        read_form(b"multipart/form-data; boundary=" + b"b" * 10_000, form(field("model", "a")))


def test_a_field_that_is_not_text_is_named() -> None:
    with pytest.raises(InvalidRequest, match=r"^prompt must be UTF-8 text") as caught:
        read_form(CONTENT_TYPE, form(field("prompt", b"\xff")))
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"multipart/form-data; boundary=x", True),
        (b"Multipart/Form-Data;boundary=x", True),
        (b"multipart/mixed; boundary=x", False),
        (b"application/x-www-form-urlencoded", False),
        (b"", False),
    ],
)
def test_what_a_form_calls_itself(content_type: bytes, *, expected: bool) -> None:
    assert is_form(content_type) is expected
