"""Sending requests to addresses that strangers chose: guarded, bounded, and without any memory of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from types import TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from feedsvc.websub.address import Allowance, refuse_address, refuse_host
from feedsvc.websub.post import MOST_ANSWER_BYTES, Poster, read_place

SECONDS = 5.0
HOSTS = 10_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status with at most 4 kB of the body, or None and what went wrong.

    `retry_after` are the seconds that the other side asked for, 0 if it asked for none.
    """

    status: int | None
    body: bytes = b""
    error: str = ""
    retry_after: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 2xx."""
        return self.status is not None and 200 <= self.status < 300


class RefusedAddressError(OSError):
    """A name leads to an address that must not be connected to."""


class GuardedResolver(AbstractResolver):
    """Resolves a name once; the connection goes to an address that was judged, or to none.

    One address that is not global refuses the name as a whole: a name that leads to both is no accident.
    """

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the addresses of a name. Raises RefusedAddressError and OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        for _, _, _, _, (address, *_) in found:
            refusal = refuse_address(ip_address(str(address).partition("%")[0]), self._allowance)
            if refusal is not None:
                raise RefusedAddressError(f"{host} leads to {refusal}")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, (address, *_) in found
        ]

    async def close(self) -> None:
        """Nothing is kept."""


class Wire:
    """Sends within one event loop: no redirects, no proxies, no cookies, five seconds for everything.

    The name is resolved by `GuardedResolver`, so Host and TLS name are the callback's own, while the
    connection goes to the address that was judged. A connection is kept only where it is asked for.
    """

    def __init__(self, allowance: Allowance, user_agent: str, seconds: float = SECONDS) -> None:
        self._allowance = allowance
        self._agent = user_agent
        self._seconds = seconds
        self._refuse = lru_cache(HOSTS)(refuse_host)

    async def __aenter__(self) -> Wire:
        resolver = GuardedResolver(self._allowance)
        self._poster = Poster(resolver, self._seconds)
        self._session = aiohttp.ClientSession(
            # How much is sent at a time is the sender's business.
            connector=aiohttp.TCPConnector(limit=0, resolver=resolver, force_close=True),
            timeout=aiohttp.ClientTimeout(total=self._seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._agent},
            skip_auto_headers=("Accept", "Accept-Encoding"),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._poster.close()
        await self._session.close()

    async def get(self, url: str) -> Reply:
        """Ask an address, and read at most 4 kB of its answer."""
        try:
            address = URL(url, encoded=True)
            # The resolver is not asked where the host is a number.
            if (refusal := self._refuse(address.host or "", self._allowance)) is not None:
                return Reply(None, error=refusal)
            async with self._session.get(address, allow_redirects=False) as response:
                answer = await _read_answer(response)
                return Reply(response.status, answer, retry_after=_read_seconds(response))
        except TimeoutError:
            return self._late()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(None, error=_describe(error)[:300])

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, is_kept: bool = False
    ) -> Reply:
        """Post a body; of the answer only the status is told.

        `is_kept` keeps the connection, for one who has more to send to the same host.
        """
        try:
            place = read_place(url)
            if (refusal := self._refuse(place.host, self._allowance)) is not None:
                return Reply(None, error=refusal)
            sent = {"User-Agent": self._agent, **headers}
            status, pause = await self._poster.post(place, sent, body, is_kept=is_kept)
            return Reply(status, retry_after=pause)
        except TimeoutError:
            return self._late()
        except (OSError, ValueError) as error:
            return Reply(None, error=_describe(error)[:300])

    def _late(self) -> Reply:
        return Reply(None, error=f"no whole answer within {self._seconds:g} s")


def _describe(error: Exception) -> str:
    # What aiohttp says of a name that leads nowhere leaves out why.
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return f"{type(cause).__name__}: {cause}"


async def _read_answer(response: aiohttp.ClientResponse) -> bytes:
    """Read at most 4 kB; one byte more shows that there is more, and the connection is given up."""
    answer = bytearray()
    while len(answer) <= MOST_ANSWER_BYTES:
        part = await response.content.read(MOST_ANSWER_BYTES + 1 - len(answer))
        if not part:
            return bytes(answer)
        answer += part
    response.close()
    return bytes(answer[:MOST_ANSWER_BYTES])


def _read_seconds(response: aiohttp.ClientResponse) -> float:
    """Give what Retry-After asks for in seconds; a date is not read: our own pauses are long enough."""
    text = response.headers.get("Retry-After", "")
    return float(text[:9]) if text.isascii() and text.isdigit() else 0.0
