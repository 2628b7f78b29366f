"""`docs/parameters.md`, and that it is true."""

from tests.providers.parameter_table import PAGE, page


def test_the_page_says_what_becomes_of_each_parameter_at_each_protocol() -> None:
    assert PAGE.read_text("utf-8") == page(), "make parameters writes the page anew"
