import orjson
import pytest

from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.openai.listing import read_listing


def listed(*entries: object) -> list[ListedModel]:
    return list(read_listing(orjson.dumps({"object": "list", "data": entries})))


def test_names_are_kept_in_order_and_once() -> None:
    assert [model.name for model in listed({"id": "b"}, {"id": "a"}, {"id": "b"})] == ["b", "a"]


def test_what_is_no_name_is_left_out() -> None:
    assert listed({"id": ""}, {"id": 7}, {"id": "a\nb"}, {"id": "a\x00"}, {}, None, "x", {"id": None}) == []


def test_a_bare_list_is_a_listing_too() -> None:
    assert read_listing(b'[{"id":"m"}]') == (ListedModel("m"),)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"data":{}}', b"7", b'{"error":{"message":"x"}}'])
def test_what_is_no_listing_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"listing|JSON|line|empty|unexpected"):
        read_listing(body)


def test_what_a_listing_does_not_say_is_unknown_and_not_no() -> None:
    assert listed({"id": "m"}) == [ListedModel("m")]


def test_openrouter_has_most_facts_and_prices_per_token() -> None:
    entry = {
        "id": "openai/gpt-4",
        "context_length": 8192,
        "architecture": {"input_modalities": ["text", "image"]},
        "pricing": {"prompt": "0.00003", "completion": "0.00000006"},
        "supported_parameters": ["tools", "structured_outputs", "include_reasoning"],
    }
    assert listed(entry) == [ListedModel("openai/gpt-4", 8192, True, True, True, True, "30", "0.06")]


def test_a_price_that_depends_is_unknown_and_a_free_one_is_nothing() -> None:
    first, second = listed({"id": "a", "pricing": {"prompt": "-1", "completion": "x"}}, {"id": "b", "pricing": {"prompt": "0"}})
    assert (first.input_usd_per_million, first.output_usd_per_million) == (None, None)
    assert (second.input_usd_per_million, second.output_usd_per_million) == ("0", None)


def test_togethers_prices_are_per_million_and_vercels_per_token() -> None:
    together, vercel = listed(
        {"id": "a", "pricing": {"input": 0.3, "output": 1}}, {"id": "b", "pricing": {"input": "0.0000015", "output": "0.000006"}}
    )
    assert (together.input_usd_per_million, together.output_usd_per_million) == ("0.3", "1")
    assert (vercel.input_usd_per_million, vercel.output_usd_per_million) == ("1.5", "6")


@pytest.mark.parametrize(
    "fields",
    [{"context_window": 131072}, {"max_context_length": 131072}, {"max_model_len": 131072}, {"meta": {"n_ctx_train": 131072}}],
)
def test_every_code_for_the_context_length_is_known(fields: dict[str, object]) -> None:
    assert listed({"id": "m", **fields})[0].context_tokens == 131072


def test_mistral_lists_capabilities() -> None:
    model = listed({"id": "m", "capabilities": {"function_calling": True, "vision": False}})[0]
    assert (model.takes_tools, model.takes_images, model.takes_json_schema) == (True, False, None)


def test_odd_fields_are_ignored() -> None:
    entry = {
        "id": "m",
        "context_length": "8k",
        "architecture": 7,
        "pricing": None,
        "supported_parameters": [1],
        "capabilities": [],
    }
    assert listed(entry) == [ListedModel("m", None, False, None, False, False)]


@pytest.mark.parametrize("price", ["1e999999", "1e300000", "-1e999999", "1e-999999", "NaN", "Infinity", 1e300])
def test_a_price_without_bound_is_unknown_and_spoils_no_other_model(price: object) -> None:
    first, second = listed({"id": "odd", "pricing": {"prompt": price, "completion": price}, "context_length": 1e300}, {"id": "m"})
    assert (first.input_usd_per_million, first.output_usd_per_million, first.context_tokens) == (None, None, None)
    assert second == ListedModel("m")
