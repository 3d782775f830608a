"""Where the hub may connect to, in every spelling of an address."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from feedsvc.errors import HubRequestError
from feedsvc.websub.address import Allowance, decode_unreserved, read_callback, refuse_address

PUBLIC = Allowance()
HERE = Allowance(ports=frozenset(), loopback=True)


def test_a_callback_stays_as_it_was_written() -> None:
    url = "https://Reader.example/cb/%7Eme?b=2&a=%2F&b"

    callback = read_callback(url, PUBLIC)
    assert (callback.url, callback.host) == (url, "reader.example")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "reader.example/callback",
        "ftp://reader.example/callback",
        "file:///etc/passwd",
        "gopher://reader.example/",
        "https:///callback",
        "https://user@reader.example/",
        "https://user:secret@reader.example/",
        "https://reader.example/#part",
        "https://reader.example/a b",
        "https://reader.example/\r\nX: y",
        "https://reader.example\\@127.0.0.1/",
        "https://reader.exämple/",
        "https://reader.example:99999/",
        "https://reader.example:22/",
        "https://[::1",
        "https://reader.example/" + "a" * 2048,
        "https://" + "a." * 130 + "example/",
    ],
)
def test_what_is_no_callback_is_refused(url: str) -> None:
    with pytest.raises(HubRequestError, match=r"hub\.callback"):
        read_callback(url, PUBLIC)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "134744072",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:a00:1::1]",
        "[2001:0:53aa:64c:0:fffe:80ff:fffe]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
    ],
)
def test_an_address_that_is_not_global_is_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(HubRequestError):
        read_callback(f"http://{host}/callback", PUBLIC)


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "[2606:2800:220:1::1]", "[::ffff:93.184.216.34]", "a.example"]
)
def test_a_global_address_and_a_name_are_taken(host: str) -> None:
    assert read_callback(f"http://{host}/", PUBLIC).url == f"http://{host}/"


@pytest.mark.parametrize("text", ["64:ff9b::808:808", "2002:808:808::1"])
def test_what_leads_to_a_global_address_is_taken(text: str) -> None:
    assert refuse_address(ip_address(text), PUBLIC) is None


def test_loopback_is_allowed_only_by_setting_and_nothing_else_with_it() -> None:
    assert refuse_address(ip_address("127.8.9.1"), HERE) is None
    assert refuse_address(ip_address("127.8.9.1"), PUBLIC)
    assert refuse_address(ip_address("10.0.0.1"), HERE)


def test_only_named_ports_are_allowed_and_none_named_is_every_port() -> None:
    assert read_callback("http://127.0.0.1:12345/", HERE).host == "127.0.0.1"
    assert read_callback("http://reader.example:443/", PUBLIC)
    with pytest.raises(HubRequestError, match="port 8080: expected one of 80, 443"):
        read_callback("http://reader.example:8080/", PUBLIC)


def test_only_encodings_that_say_nothing_are_undone() -> None:
    assert decode_unreserved("/%7Ea%2fb%41?q=%22%2B") == "/~a%2FbA?q=%22%2B"
