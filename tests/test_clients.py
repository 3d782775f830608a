"""Who a request is from: believed are the operator's own proxies, and nobody else."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix

from feedsvc.web.clients import MOST_HOPS, Clients, find_client

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("2001:db8:ff::/48"))
OURS = st.sampled_from(("127.0.0.1", "10.0.0.7", "10.255.255.255", "2001:db8:ff::7"))
THEIRS = st.sampled_from(("192.0.2.1", "198.51.100.200", "8.8.8.8"))
ANYTHING = st.one_of(
    OURS, THEIRS, st.text(max_size=20), st.sampled_from(("unknown", "_hidden", "", "1.2.3.4.5"))
)


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1, 10.0.0.7", "192.0.2.1"),
        ("127.0.0.1", "8.8.8.8, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
        ("127.0.0.1", "10.0.0.1, 10.0.0.7", "10.0.0.1"),
        ("127.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::/64"),
        ("127.0.0.1", "[2001:db8::1]", "2001:db8::/64"),
        ("127.0.0.1", "2001:db8::1%eth0", "2001:db8::/64"),
        ("::ffff:127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:ff::7", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1, unknown", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1,", "127.0.0.1"),
        ("", "192.0.2.1", ""),
        ("unix:/run/feedsvc", "192.0.2.1", "unix:/run/feedsvc"),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy_of_ours(remote: str, forwarded: str, client: str) -> None:
    assert find_client(remote, forwarded, PROXIES) == client


def test_without_proxies_whoever_is_connected_is_the_client() -> None:
    environ = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "8.8.8.8", "HTTP_FORWARDED": "for=8.8.8.8"}

    assert Clients().find(environ.get) == "192.0.2.1"
    assert Clients(PROXIES).find(environ.get) == "192.0.2.1"


def test_the_neighbours_in_a_network_of_64_bits_are_one_client() -> None:
    assert find_client("2001:db8::1", "", ()) == find_client("2001:db8::ffff:1", "", ())
    assert find_client("2001:db8::1", "", ()) != find_client("2001:db8:0:1::1", "", ())


@given(forged=st.lists(ANYTHING, max_size=5), client=THEIRS, hops=st.lists(OURS, max_size=3), last=OURS)
def test_law_nothing_that_a_visitor_sends_changes_who_it_is(
    forged: list[str], client: str, hops: list[str], last: str
) -> None:
    assert find_client(last, ", ".join([*forged, client, *hops]), PROXIES) == client


@given(forwarded=st.lists(ANYTHING, max_size=5).map(",".join), remote=THEIRS)
def test_law_who_comes_past_the_proxies_is_not_believed(forwarded: str, remote: str) -> None:
    assert find_client(remote, forwarded, PROXIES) == remote


@given(client=THEIRS, hops=st.lists(OURS, max_size=3), last=OURS)
def test_law_a_chain_of_proxies_is_read_as_werkzeug_reads_one_of_its_length(
    client: str, hops: list[str], last: str
) -> None:
    forwarded = ", ".join([client, *hops])
    seen: list[str] = []
    fix = ProxyFix(lambda environ, _: seen.append(environ["REMOTE_ADDR"]) or (), x_for=len(hops) + 1)  # type: ignore[func-returns-value]
    fix({"REMOTE_ADDR": last, "HTTP_X_FORWARDED_FOR": forwarded, "wsgi.url_scheme": "http"}, lambda *_: print)

    assert [find_client(last, forwarded, PROXIES)] == seen


@given(remote=ANYTHING, forwarded=st.text(max_size=200))
def test_law_any_text_has_a_client_of_bounded_length(remote: str, forwarded: str) -> None:
    assert len(find_client(remote, forwarded, PROXIES)) <= 100


def test_a_header_of_a_million_hops_is_read_for_a_few() -> None:
    forwarded = "192.0.2.1, " + ", ".join(["10.0.0.1"] * 1_000_000)

    assert find_client("127.0.0.1", forwarded, PROXIES) == "10.0.0.1"
    assert find_client("127.0.0.1", "192.0.2.1" + ", 10.0.0.1" * (MOST_HOPS - 1), PROXIES) == "192.0.2.1"
    assert ip_address(find_client("127.0.0.1", "192.0.2.1" + ", 10.0.0.1" * MOST_HOPS, PROXIES)) in PROXIES[1]
