"""Asking an endpoint over real HTTP: what it takes is found out, what fails is asked again, nothing hangs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from feedsvc.digest.llm.answers import make_schema
from feedsvc.digest.llm.endpoint import Endpoint, Form, Message
from feedsvc.errors import ModelError
from tests.fake_model import (
    FakeModel,
    Sent,
    break_off,
    complete,
    hang,
    refuse,
    refuse_schemas,
    run_model,
    say,
)
from tests.loopback import FakeClock

SCHEMA = make_schema(with_title=False)
QUESTION = [Message("user", "Sum up.")]


@pytest.fixture
def model() -> Iterator[FakeModel]:
    """Give a model that answers well unless it is told otherwise."""
    with run_model() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock that only sleep moves."""
    return FakeClock()


@pytest.fixture
def endpoint(model: FakeModel, clock: FakeClock) -> Iterator[Endpoint]:
    """Give the way to the model."""
    opened = open_endpoint(model, clock)
    yield opened
    opened.close()


def open_endpoint(model: FakeModel, clock: FakeClock, timeout_seconds: float = 5) -> Endpoint:
    return Endpoint(model.url, "fake", "secret", clock, timeout_seconds=timeout_seconds, attempts=3)


def forms_of(model: FakeModel) -> list[str]:
    return [said.get("response_format", {}).get("type", "none") for said in model.requests]


def test_an_answer_comes_with_its_tokens(model: FakeModel, endpoint: Endpoint) -> None:
    model.moves = [say("done")]
    reply = endpoint.ask(QUESTION, SCHEMA, 100)

    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("done", 300, 100)


def test_an_endpoint_that_counts_no_tokens_says_none(model: FakeModel, endpoint: Endpoint) -> None:
    model.moves = [lambda _model, _said: complete("done", usage=None)]
    reply = endpoint.ask(QUESTION, SCHEMA, 100)

    assert (reply.tokens_in, reply.tokens_out) == (None, None)


def test_the_key_goes_with_every_request(model: FakeModel, endpoint: Endpoint) -> None:
    endpoint.ask(QUESTION, SCHEMA, 100)

    assert model.keys == ["Bearer secret"]


def test_a_schema_is_asked_for_where_it_is_taken(model: FakeModel, endpoint: Endpoint) -> None:
    endpoint.ask(QUESTION, SCHEMA, 100)

    assert forms_of(model) == ["json_schema"]
    assert model.requests[0]["max_tokens"] == 100


@pytest.mark.parametrize("status", [400, 422, 500])
def test_that_no_schema_is_taken_is_found_out_once(model: FakeModel, endpoint: Endpoint, status: int) -> None:
    model.always = refuse_schemas(status)
    endpoint.ask(QUESTION, SCHEMA, 100)
    endpoint.ask(QUESTION, SCHEMA, 100)

    assert forms_of(model) == ["json_schema", "json_schema", "json_object", "json_object"]


def test_a_schema_is_put_beside_the_object_before_any_object_will_do(
    model: FakeModel, endpoint: Endpoint
) -> None:
    model.moves = [refuse(422)] * 3
    endpoint.ask(QUESTION, SCHEMA, 100)

    shaped, free = (said["response_format"] for said in model.requests[-2:])
    assert shaped["type"] == "json_object"
    assert shaped["schema"]["required"] == SCHEMA["required"]
    assert "maxLength" not in str(shaped)
    assert free == {"type": "json_object"}


def test_an_endpoint_that_takes_no_form_at_all_is_asked_by_the_prompt(
    model: FakeModel, endpoint: Endpoint
) -> None:
    model.moves = [refuse(400)] * (len(Form) - 1)
    endpoint.ask(QUESTION, SCHEMA, 100)

    assert forms_of(model)[-1] == "none"


def test_lengths_are_dropped_before_the_schema_is(model: FakeModel, endpoint: Endpoint) -> None:
    model.moves = [refuse(400, "maxLength is not permitted")]
    endpoint.ask(QUESTION, SCHEMA, 100)

    first, second = (said["response_format"]["json_schema"]["schema"] for said in model.requests)
    assert "maxLength" in first["properties"]["background"]
    assert second["properties"]["background"] == {"type": "string"}


def test_a_newer_name_of_the_limit_is_found_out_once(model: FakeModel, endpoint: Endpoint) -> None:
    model.moves = [refuse(400, "Unsupported parameter: use 'max_completion_tokens' instead.")]
    endpoint.ask(QUESTION, SCHEMA, 100)
    endpoint.ask(QUESTION, SCHEMA, 100)

    assert [said.get("max_completion_tokens") for said in model.requests] == [None, 100, 100]
    assert forms_of(model) == ["json_schema"] * 3


def test_a_temperature_that_is_refused_is_left_out(model: FakeModel, endpoint: Endpoint) -> None:
    model.moves = [refuse(400, "'temperature' does not support 0 with this model")]
    endpoint.ask(QUESTION, SCHEMA, 100)

    assert ["temperature" in said for said in model.requests] == [True, False]


def test_a_failure_after_a_schema_was_taken_says_nothing_about_schemas(
    model: FakeModel, endpoint: Endpoint
) -> None:
    endpoint.ask(QUESTION, SCHEMA, 100)
    model.moves = [refuse(500)]
    endpoint.ask(QUESTION, SCHEMA, 100)

    assert forms_of(model) == ["json_schema"] * 3


def test_too_many_requests_are_asked_again_when_the_endpoint_says(
    model: FakeModel, endpoint: Endpoint, clock: FakeClock
) -> None:
    model.moves = [refuse(429, Retry_After="17")]

    assert endpoint.ask(QUESTION, None, 100).text
    assert clock.slept == [17]


def test_pauses_double_where_the_endpoint_says_nothing(
    model: FakeModel, endpoint: Endpoint, clock: FakeClock
) -> None:
    model.moves = [refuse(503), refuse(503)]
    endpoint.ask(QUESTION, None, 100)

    first, second = clock.slept
    assert 1 <= first <= 2 <= second <= 4


def test_who_asks_for_a_long_pause_is_not_waited_for(
    model: FakeModel, endpoint: Endpoint, clock: FakeClock
) -> None:
    model.moves = [refuse(429, Retry_After="600")]
    with pytest.raises(ModelError) as raised:
        endpoint.ask(QUESTION, None, 100)

    assert (raised.value.retry_after, raised.value.may_cost, clock.slept) == (600, False, [])


def test_attempts_come_to_an_end(model: FakeModel, endpoint: Endpoint) -> None:
    model.always = refuse(503)
    with pytest.raises(ModelError, match="HTTP 503, at attempt 3"):
        endpoint.ask(QUESTION, None, 100)

    assert len(model.requests) == 3


def test_a_wrong_key_is_not_asked_again(model: FakeModel, endpoint: Endpoint) -> None:
    model.always = refuse(401, "wrong key")
    with pytest.raises(ModelError, match=r"HTTP 401.*wrong key"):
        endpoint.ask(QUESTION, SCHEMA, 100)

    assert len(model.requests) == 1


def test_a_hanging_endpoint_is_left_and_may_have_cost(model: FakeModel, clock: FakeClock) -> None:
    model.always = hang
    endpoint = open_endpoint(model, clock, timeout_seconds=0.1)
    with pytest.raises(ModelError, match=r"nothing came for 0\.1 s") as raised:
        endpoint.ask(QUESTION, SCHEMA, 100)
    endpoint.close()

    assert raised.value.may_cost
    assert len(model.requests) == 3


@pytest.mark.parametrize(
    "move",
    [
        break_off,
        lambda _model, _said: Sent(body=b"{"),
        lambda _model, _said: Sent(body=b"{}"),
        lambda _model, _said: Sent(body=b'{"choices": []}'),
        lambda _model, _said: Sent(body=b"<html>hello</html>", headers={"Content-Type": "text/html"}),
        lambda _model, _said: None,
    ],
    ids=["cut", "no JSON", "empty", "no choices", "web page", "closed"],
)
def test_what_is_no_completion_is_asked_again(model: FakeModel, endpoint: Endpoint, move: object) -> None:
    model.moves = [move, say("done")]  # type: ignore[list-item]

    assert endpoint.ask(QUESTION, SCHEMA, 100).text == "done"


def test_nobody_there_is_a_model_error(clock: FakeClock) -> None:
    with run_model() as model:
        url = model.url
    endpoint = Endpoint(url, "fake", "", clock, timeout_seconds=1, attempts=2)
    with pytest.raises(ModelError, match="APIConnectionError"):
        endpoint.ask(QUESTION, SCHEMA, 100)
    endpoint.close()


def test_the_library_is_imported_only_when_a_model_is_asked() -> None:
    program = "import sys, feedsvc.cli, feedsvc.digest.llm.writer; sys.exit('openai' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
