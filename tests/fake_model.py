"""A model behind an OpenAI-compatible endpoint on loopback, which answers as a test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = dict[str, Any]
Move = Callable[["FakeModel", Said], "Sent | None"]
"""What to do about a request: an answer, or None for none at all."""

ENGLISH = {
    "background": "Walks in graphs were hard to follow.",
    "innovation": "The authors follow them with a new lamp.",
    "conclusion": "Walkers come home sooner than before.",
}
CHINESE = {
    "title": "图中的漫步",
    "background": "此前很难追踪图中的漫步。",
    "innovation": "作者用一盏新灯来追踪它们。",
    "conclusion": "漫步者比以前更早回家。",
}
TOKENS = {"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400}


@dataclass(frozen=True)
class Sent:
    """An HTTP answer; `cut` bytes of the body are left unsent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0


class FakeModel:
    """Makes one move a request, in the order of `moves`; when they are used up, answers well."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.always: Move = answer_well
        self.requests: list[Said] = []
        self.keys: list[str] = []
        self.released = threading.Event()
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        """End the server, and whatever hangs."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def questions(self) -> list[str]:
        """Give the last message of each request."""
        return [str(said["messages"][-1]["content"]) for said in self.requests]

    def answer(self, said: Said, key: str) -> Sent | None:
        """Make the next move."""
        with self._lock:
            self.requests.append(said)
            self.keys.append(key)
            move = self.moves.pop(0) if self.moves else self.always
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return move(self, said)
        finally:
            with self._lock:
                self._now -= 1

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                said = json.loads(self.rfile.read(length))
                sent = model.answer(said, self.headers.get("Authorization", ""))
                if sent is None:
                    self.close_connection = True
                    return
                self.send_response(sent.status)
                for name, value in {"Content-Type": "application/json", **sent.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sent.body)))
                self.end_headers()
                self.wfile.write(sent.body[: len(sent.body) - sent.cut])
                self.close_connection = bool(sent.cut)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def run_model() -> Iterator[FakeModel]:
    """Run a model for as long as a test needs it."""
    model = FakeModel()
    try:
        yield model
    finally:
        model.close()


def complete(text: str, usage: dict[str, int] | None = TOKENS) -> Sent:
    """Give a text as a completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "fake", "choices": [choice]}
    return Sent(body=json.dumps(body | ({"usage": usage} if usage else {})).encode())


def refuse(status: int, message: str = "no", **headers: str) -> Move:
    """Refuse with a status; headers' names have underscores for hyphens."""
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _model, _said: Sent(status, body, named)


def say(text: str) -> Move:
    """Answer with a text, whatever was asked."""
    return lambda _model, _said: complete(text)


def say_json(**parts: str) -> Move:
    """Answer with a JSON object."""
    return say(json.dumps(parts, ensure_ascii=False))


def hang(model: FakeModel, _said: Said) -> None:
    """Take the request and never answer."""
    model.released.wait(20)


def break_off(_model: FakeModel, _said: Said) -> Sent:
    """Send half of an answer and close."""
    whole = complete(json.dumps(ENGLISH))
    return Sent(body=whole.body, cut=len(whole.body) // 2)


def refuse_schemas(status: int) -> Move:
    """Answer well, but refuse any request that holds a JSON schema."""

    def move(model: FakeModel, said: Said) -> Sent | None:
        if said.get("response_format", {}).get("type") == "json_schema":
            return refuse(status, "json_schema is not supported")(model, said)
        return answer_well(model, said)

    return move


def ignore_language(model: FakeModel, said: Said) -> Sent | None:
    """Sum up in English whatever language is asked for, but translate what is asked to be translated."""
    if "response_format" in said:
        return complete(json.dumps({"title": "A walk in graphs", **ENGLISH}))
    return answer_well(model, said)


def answer_well(_model: FakeModel, said: Said) -> Sent:
    """Answer as a good model would."""
    asked = "\n".join(message["content"] for message in said["messages"])
    if "Translate this" in asked:
        part = asked.partition("Translate this ")[2].partition(" of")[0]
        return complete(CHINESE[part])
    parts = CHINESE if "Chinese" in asked else ENGLISH
    return complete(json.dumps(parts, ensure_ascii=False))
