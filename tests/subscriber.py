"""A strict WebSub subscriber on loopback: it confirms what it asked for, and judges all that it is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

LINK = re.compile(r'<([^>]*)>; rel="(\w+)"')
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass
class Delivered:
    """One POST: where it came in, with what, and the ids of the entries it holds."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def links(self) -> list[tuple[str, str]]:
        """The Link header's relations and their addresses, in its order."""
        return [(rel, url) for url, rel in LINK.findall(self.headers["Link"])]

    @property
    def entries(self) -> list[str]:
        """The ids of the entries, in their order."""
        if self.headers["Content-Type"].startswith("application/feed+json"):
            return [item["id"] for item in json.loads(self.body)["items"]]
        root = ElementTree.fromstring(self.body)
        found = [*root.iter(f"{ATOM}id")][1:] if root.tag == f"{ATOM}feed" else [*root.iter("guid")]
        return [str(element.text) for element in found]


@dataclass
class Subscriber:
    """What a subscriber expects, and what came. `answers` are statuses for the next POSTs; then 200.

    `react`, if given, takes each POST's body and gives the status instead; nothing is judged then.

    `faults` holds every rule that a delivery broke; a test ends with none.
    """

    url: str = ""
    confirms: bool = True
    challenge: str | None = None
    verify_status: int = 200
    secret: str | None = None
    method: str = "sha256"
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    is_down: bool = False
    asked: list[list[tuple[str, str]]] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    attempts: int = 0
    faults: list[str] = field(default_factory=list)
    updated: str = ""
    react: Callable[[bytes], int] | None = None

    def asked_for(self, mode: str) -> list[dict[str, str]]:
        """Give the parameters of the requests of a mode."""
        return [dict(pairs) for pairs in self.asked if dict(pairs).get("hub.mode") == mode]

    def judge(self, delivery: Delivered) -> None:
        """Note every rule that a delivery breaks: signature, links, and the order of its feed's states."""
        signature = delivery.headers.get("X-Hub-Signature")
        if self.secret is None:
            self._expect(signature is None, "a signature without a secret")
        else:
            expected = hmac.new(self.secret.encode(), delivery.body, getattr(hashlib, self.method))
            self._expect(signature == f"{self.method}={expected.hexdigest()}", "a wrong signature")
        relations = [relation for relation, _ in delivery.links]
        self._expect(relations.count("self") == 1, "not exactly one self link")
        self._expect("hub" in relations, "no hub link")
        if delivery.headers["Content-Type"].startswith("application/atom+xml"):
            updated = str(ElementTree.fromstring(delivery.body).findtext(f"{ATOM}updated"))
            self._expect(updated >= self.updated, f"{updated} after {self.updated}")
            self.updated = updated

    def _expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    subscriber: Subscriber

    def do_GET(self) -> None:
        subscriber = self.subscriber
        pairs = parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
        subscriber.asked.append(pairs)
        if subscriber.is_down or not subscriber.confirms:
            self._answer(503 if subscriber.is_down else 404, b"")
            return
        challenge = dict(pairs).get("hub.challenge", "")
        self._answer(subscriber.verify_status, (subscriber.challenge or challenge).encode())

    def do_POST(self) -> None:
        subscriber = self.subscriber
        body = self.rfile.read(int(self.headers["Content-Length"]))
        subscriber.attempts += 1
        if subscriber.is_down:
            self._answer(503, b"")
            return
        if subscriber.react is not None:
            self._answer(subscriber.react(body), b"")
            return
        status = subscriber.answers.pop(0) if subscriber.answers else 200
        if 200 <= status < 300:
            delivery = Delivered(self.path, dict(self.headers.items()), body)
            subscriber.judge(delivery)
            subscriber.delivered.append(delivery)
        self._answer(status, b"thank you")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in self.subscriber.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def run_subscriber(host: str = "127.0.0.1", **fields: object) -> Iterator[Subscriber]:
    """Run a subscriber while the context lasts; at its end nothing may have been wrong."""
    subscriber = Subscriber(**fields)  # type: ignore[arg-type]
    server = ThreadingHTTPServer((host, 0), type("Handler", (_Handler,), {"subscriber": subscriber}))
    subscriber.url = f"http://{host}:{server.server_address[1]}/callback"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield subscriber
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert subscriber.faults == []
