import pytest

from ai_engine.web.client_address import ClientAddresses, Networks

BEHIND_NGINX = ClientAddresses(["127.0.0.0/8", "::1/128", "10.0.0.0/8"])


def test_a_peer_that_is_no_trusted_proxy_speaks_for_itself_alone() -> None:
    assert BEHIND_NGINX.effective("203.0.113.7", [b"127.0.0.1"]) == "203.0.113.7"


def test_a_trusted_peer_without_the_header_is_the_client() -> None:
    assert BEHIND_NGINX.effective("127.0.0.1", []) == "127.0.0.1"


def test_the_rightmost_untrusted_address_is_the_client() -> None:
    assert BEHIND_NGINX.effective("127.0.0.1", [b"127.0.0.1, 203.0.113.7, 10.1.2.3"]) == "203.0.113.7"


def test_several_headers_are_one_list() -> None:
    assert BEHIND_NGINX.effective("127.0.0.1", [b"127.0.0.1", b"203.0.113.7"]) == "203.0.113.7"


def test_where_all_are_trusted_the_leftmost_is_the_client() -> None:
    assert BEHIND_NGINX.effective("127.0.0.1", [b"10.9.9.9, 10.1.2.3"]) == "10.9.9.9"


@pytest.mark.parametrize("header", [b"", b"unknown", b"203.0.113.7, ", b"localhost", b"1.2.3", b"\xff"])
def test_a_malformed_header_from_a_trusted_proxy_makes_the_client_unknown(header: bytes) -> None:
    assert BEHIND_NGINX.effective("127.0.0.1", [header]) is None


def test_rubbish_left_of_the_client_is_the_clients_own_and_not_looked_at() -> None:
    assert BEHIND_NGINX.effective("127.0.0.1", [b"rubbish, 203.0.113.7"]) == "203.0.113.7"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"203.0.113.7:4711", "203.0.113.7"),
        (b"[2001:db8::1]:4711", "2001:db8::1"),
        (b"2001:DB8::1", "2001:db8::1"),
        (b"::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_addresses_are_understood_as_proxies_write_them(written: bytes, meant: str) -> None:
    assert BEHIND_NGINX.effective("::ffff:127.0.0.1", [written]) == meant


def test_a_unix_socket_has_no_address() -> None:
    assert BEHIND_NGINX.effective(None, [b"203.0.113.7"]) is None


def test_what_is_no_address_is_in_no_network() -> None:
    assert not Networks(["0.0.0.0/0", "::/0"]).contains("localhost")
