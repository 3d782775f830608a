"""One question to an OpenAI-compatible endpoint and its answer, asked again where that helps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from feedsvc.digest.llm.calls import Abandoned, Calls
from feedsvc.errors import ModelError
from feedsvc.http import Clock, read_retry_after

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

log = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 2.0
LAST_DELAY_SECONDS = 60.0
# Who asks to be left alone for longer is not waited for: other work goes on, and the question is put later.
LONGEST_WAIT_SECONDS = 60.0

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A part of a conversation; `role` is system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered, and the tokens that it read and wrote; None where the endpoint does not say."""

    text: str
    tokens_in: int | None = None
    tokens_out: int | None = None


class Form(IntEnum):
    """How an endpoint can be held to a form, from the strictest way on."""

    BOUNDED = 0  # a JSON schema with the greatest lengths of texts
    SCHEMA = 1  # a JSON schema
    SHAPED = 2  # a JSON object and, beside it, a JSON schema without lengths
    OBJECT = 3  # any JSON object
    PROMPT = 4  # nothing but what the prompt says


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an endpoint takes; the strictest and most usual at first."""

    form: Form = Form.BOUNDED
    limit: str = "max_tokens"
    takes_temperature: bool = True

    def simplify(self, complaint: str, *, has_schema: bool) -> Dialect | None:
        """Give what to try after a refusal; None if there is nothing left."""
        if "max_completion_tokens" in complaint and self.limit == "max_tokens":
            return replace(self, limit="max_completion_tokens")
        if "temperature" in complaint and self.takes_temperature:
            return replace(self, takes_temperature=False)
        if has_schema and self.form < Form.PROMPT:
            return replace(self, form=Form(self.form + 1))
        return None

    def spell(self, schema: Schema | None, most_tokens: int) -> dict[str, Any]:
        """Give the parameters that go with a question."""
        spelt: dict[str, Any] = {self.limit: most_tokens}
        if self.takes_temperature:
            spelt["temperature"] = 0
        if schema is not None and self.form < Form.PROMPT:
            spelt["response_format"] = self._spell_form(schema)
        return spelt

    def _spell_form(self, schema: Schema) -> dict[str, Any]:
        if self.form is Form.OBJECT:
            return {"type": "json_object"}
        if self.form is Form.SHAPED:
            # Lengths end llama-cpp-python's whole process: its grammar has no room for so many repetitions.
            return {"type": "json_object", "schema": _drop_bounds(schema)}
        spelt = schema if self.form is Form.BOUNDED else _drop_bounds(schema)
        return {"type": "json_schema", "json_schema": {"name": "digest", "strict": True, "schema": spelt}}


class FailedRequest(Exception):
    """One request failed in a way that asking again may mend."""

    def __init__(self, reason: str, retry_after: float = 0.0, *, may_cost: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.may_cost = may_cost


class Endpoint:
    """Asks one model. Safe to use from threads.

    What the endpoint takes is found out by its refusals and remembered. Asked again are 408, 409, 429 and
    5xx, time-outs, broken connections and answers without a completion, after a pause that doubles each
    time, or as long as Retry-After says.
    """

    def __init__(
        self,
        address: str,
        model: str,
        key: str,
        clock: Clock,
        *,
        timeout_seconds: float,
        attempts: int,
        random: Random | None = None,
    ) -> None:
        self.model = model
        self._address = address
        self._key = key
        self._clock = clock
        self._timeout = timeout_seconds
        self._attempts = attempts
        self._random = random or Random()
        self._dialect = Dialect()
        self._is_proven = False
        self._calls = Calls()
        self._opening = threading.Lock()
        self._opened: OpenAI | None = None

    def ask(self, messages: Sequence[Message], schema: Schema | None, most_tokens: int) -> Reply:
        """Give the model's answer, held to a JSON schema as far as the endpoint can. Raises ModelError."""
        attempt = 1
        while True:
            try:
                return self._negotiate(messages, schema, most_tokens)
            except FailedRequest as failure:
                reason = f"{self._address}: {failure}"
                wait = max(failure.retry_after, self._back_off(attempt))
                if attempt >= self._attempts or wait > LONGEST_WAIT_SECONDS:
                    raise ModelError(
                        f"{reason}, at attempt {attempt}", failure.retry_after, may_cost=failure.may_cost
                    ) from failure
            log.info("asked again in %.0f s: %s", wait, reason, extra={"action": "retry"})
            self._clock.sleep(wait)
            attempt += 1

    def stop(self) -> None:
        """Wait for no answer any more: what is asked now or later raises ModelError."""
        self._calls.stop()

    def close(self) -> None:
        """Let go of the connections; a later question opens new ones."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def _back_off(self, attempt: int) -> float:
        longest = min(FIRST_DELAY_SECONDS * 2.0 ** (attempt - 1), LAST_DELAY_SECONDS)
        return longest * self._random.uniform(0.5, 1.0)

    def _negotiate(self, messages: Sequence[Message], schema: Schema | None, most_tokens: int) -> Reply:
        """Ask in the dialect that is known, in simpler ones where it is refused; remember what was taken."""
        from openai import APIStatusError

        dialect = self._dialect
        while True:
            try:
                reply = self._send(messages, dialect.spell(schema, most_tokens))
            except APIStatusError as error:
                simpler = self._simplify(dialect, error, has_schema=schema is not None)
                if simpler is None:
                    raise self._explain(error) from error
                dialect = simpler
                continue
            self._dialect = dialect
            self._is_proven = self._is_proven or schema is not None
            return reply

    def _simplify(self, dialect: Dialect, error: APIStatusError, *, has_schema: bool) -> Dialect | None:
        # Some servers fail over a schema that they do not know; where one was taken before, it is not that.
        is_refusal = error.status_code in (400, 415, 422, 501)
        if is_refusal or (error.status_code == 500 and has_schema and not self._is_proven):
            return dialect.simplify(str(error), has_schema=has_schema)
        return None

    def _explain(self, error: APIStatusError) -> Exception:
        status = error.status_code
        if status in (408, 409, 429) or status >= 500:
            wait = read_retry_after(error.response.headers.get("Retry-After"), self._clock.now())
            return FailedRequest(f"HTTP {status}", wait)
        return ModelError(f"{self._address}: HTTP {status}: {str(error)[:300]}")

    def _send(self, messages: Sequence[Message], spelt: Mapping[str, Any]) -> Reply:
        """Send one request. Raises APIStatusError, FailedRequest, ModelError once it is time to stop."""
        import openai

        said: Any = [{"role": message.role, "content": message.text} for message in messages]
        try:
            create = self._open().chat.completions.create
            completion = self._calls.make(partial(create, model=self.model, messages=said, **spelt))
        except Abandoned as error:
            raise ModelError(f"{self._address}: stopped before the answer came", may_cost=True) from error
        except openai.APIStatusError:
            raise
        except openai.APITimeoutError as error:
            raise FailedRequest(f"nothing came for {self._timeout:g} s", may_cost=True) from error
        except (openai.APIConnectionError, openai.APIResponseValidationError, ValueError) as error:
            raise FailedRequest(f"{type(error).__name__}: {error}"[:300]) from error
        return _read_completion(completion)

    def _open(self) -> OpenAI:
        """Open the client when it is first needed: importing its library takes a second."""
        from openai import OpenAI

        with self._opening:
            if self._opened is None:
                self._opened = OpenAI(
                    base_url=self._address,
                    # The library wants one; servers on one's own machine want none and overlook it.
                    api_key=self._key or "none",
                    timeout=self._timeout,
                    max_retries=0,
                )
            return self._opened


def _read_completion(completion: Any) -> Reply:
    """Take what matters from an answer, which may be anything that a server calls a completion."""
    try:
        text = completion.choices[0].message.content
    except (AttributeError, IndexError, TypeError) as error:
        raise FailedRequest("an answer without a completion", may_cost=True) from error
    usage = getattr(completion, "usage", None)
    counts = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    tokens_in, tokens_out = (count if isinstance(count, int) else None for count in counts)
    return Reply(text if isinstance(text, str) else "", tokens_in, tokens_out)


def _drop_bounds(schema: Any) -> Any:
    """Give a schema without the greatest lengths, which some endpoints do not know."""
    if isinstance(schema, Mapping):
        return {key: _drop_bounds(value) for key, value in schema.items() if key != "maxLength"}
    return schema
