"""Where settings come from, and what is said of wrong ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from feedsvc.errors import SettingsError
from feedsvc.settings import ArxivSettings, load_settings
from feedsvc.taxonomy import load_taxonomy

TOML = "feedsvc.toml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without the settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.upper().startswith("FEEDSVC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal() -> str:
    """Give the one line that is said of the settings."""
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_defaults_are_the_real_arxiv_and_a_store_in_a_file() -> None:
    settings = load_settings()

    assert str(settings.arxiv.feed_url) == "https://rss.arxiv.org/"
    assert settings.arxiv.interval_seconds == 3.0
    assert settings.database_url == "sqlite:///var/feedsvc.sqlite3"
    assert settings.languages == ("en",)


def test_the_file_overrides_the_defaults(folder: Path) -> None:
    (folder / TOML).write_text('port = 1234\n[arxiv]\ncontact = "me@example.org"\n')
    settings = load_settings()

    assert (settings.port, settings.arxiv.contact, settings.threads) == (1234, "me@example.org", 8)


def test_the_environment_overrides_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / TOML).write_text("port = 1234\nthreads = 3\n")
    monkeypatch.setenv("FEEDSVC_PORT", "4321")
    settings = load_settings()

    assert (settings.port, settings.threads) == (4321, 3)


def test_what_is_handed_in_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_PORT", "4321")

    assert load_settings(port=80).port == 80


def test_a_nested_variable_overrides_its_key_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / TOML).write_text('[arxiv]\ncontact = "me@example.org"\ninterval_seconds = 5\n')
    monkeypatch.setenv("FEEDSVC_ARXIV__FEED_URL", "http://127.0.0.1:8100")
    arxiv = load_settings().arxiv

    assert str(arxiv.feed_url) == "http://127.0.0.1:8100/"
    assert (arxiv.contact, arxiv.interval_seconds) == ("me@example.org", 5.0)


def test_settings_cannot_be_changed_later() -> None:
    settings = load_settings()

    with pytest.raises(ValidationError):
        setattr(settings, "port", 1)  # noqa: B010 - type checkers refuse the plain form too


def test_unknown_keys_of_the_file_are_all_named(folder: Path) -> None:
    (folder / TOML).write_text("prot = 1\n[arxiv]\nfeed = 2\n")

    assert refusal() == (
        "arxiv.feed: no such setting, in feedsvc.toml or in a variable's JSON: "
        "expected one like arxiv.feed_url; "
        "prot: no such setting, in feedsvc.toml or in a variable's JSON: expected one like port"
    )


def test_an_unknown_variable_is_named_with_one_that_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_PROT", "1")

    assert refusal() == "FEEDSVC_PROT: no such setting: expected one like FEEDSVC_PORT"


@pytest.mark.parametrize("name", ["FEEDSVC_ARXIV__FEED", "FEEDSVC_PORT__X", "feedsvc_prot", "FEEDSVC_"])
def test_an_unknown_variable_is_named_however_it_is_spelt(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")

    assert refusal().startswith(f"{name}: no such setting: expected one like FEEDSVC_")


@pytest.mark.parametrize("name", ["FEEDSVC_TEST_SHARED", "FEEDSVC_TEST_DATABASE_URL", "FEEDSVCX", "PORT"])
def test_other_variables_are_no_matter(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")

    assert load_settings().port == 8080


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FEEDSVC_PORT", "abc", "port: 'abc': Input should be a valid integer"),
        ("FEEDSVC_PORT", "70000", "port: '70000': Input should be less than or equal to 65535"),
        ("FEEDSVC_THREADS", "0", "threads: '0': Input should be greater than or equal to 1"),
        ("FEEDSVC_BASE_URL", "example", "base_url: 'example': Input should be a valid URL"),
        ("FEEDSVC_LOG_LEVEL", "loud", "log_level: 'loud': Input should be 'DEBUG', 'INFO'"),
        ("FEEDSVC_CATEGORIES", "cs.AI,cs.XX", "categories: 'cs.XX' is no category or archive: expected"),
        ("FEEDSVC_LANGUAGES", "en,e", "languages.1: 'e' is no language: expected a tag like en"),
        ("FEEDSVC_LANGUAGES", "", "languages: none is named: expected at least one"),
        ("FEEDSVC_LANGUAGES", "en,cs", "languages: 'cs' is an archive: expected a language with its country"),
        ("FEEDSVC_ARXIV__ATTEMPTS", "0", "arxiv.attempts: '0': Input should be greater than or equal to 1"),
        ("FEEDSVC_ARXIV", "{", 'environment: error parsing value for field "arxiv"'),
    ],
)
def test_a_bad_value_is_said_with_its_key_and_what_was_expected(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    assert refusal().startswith(said)


def test_a_log_level_may_be_written_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_LOG_LEVEL", "warning")

    assert load_settings().log_level == "WARNING"


def test_all_bad_values_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_PORT", "abc")
    monkeypatch.setenv("FEEDSVC_THREADS", "0")
    message = refusal()

    assert "port: 'abc'" in message
    assert "threads: '0'" in message


@pytest.mark.parametrize("content", [b"port = \n", b"port = 1\nport = 2\n", b"\xff"])
def test_a_broken_file_is_said_with_its_name(content: bytes, folder: Path) -> None:
    (folder / TOML).write_bytes(content)

    assert refusal().startswith("feedsvc.toml: ")


def test_arxivs_own_hosts_are_never_asked_more_often_than_every_three_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FEEDSVC_ARXIV__INTERVAL_SECONDS", "2.9")

    assert refusal() == "arxiv: interval_seconds 2.9 is too short for rss.arxiv.org: expected at least 3.0"


def test_a_stand_in_may_be_asked_without_a_pause_if_nothing_goes_to_arxiv() -> None:
    here = "http://127.0.0.1:8100"
    arxiv = ArxivSettings.model_validate(
        {"feed_url": here, "api_url": f"{here}/api/query", "oai_url": f"{here}/oai", "interval_seconds": 0}
    )

    assert arxiv.interval_seconds == 0
    with pytest.raises(ValidationError, match=r"too short for export\.arxiv\.org"):
        ArxivSettings.model_validate({"feed_url": here, "oai_url": here, "interval_seconds": 0})


def test_without_a_list_every_category_is_followed() -> None:
    assert set(load_settings().categories) == load_taxonomy().categories.keys()


def test_categories_come_under_their_canonical_ids_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_CATEGORIES", "stat.ML, cs.na, math.NA, econ")

    assert load_settings().categories == ("econ.EM", "econ.GN", "econ.TH", "math.NA", "stat.ML")


def test_lists_in_the_file_are_lists(folder: Path) -> None:
    (folder / TOML).write_text('categories = ["cs.AI"]\nlanguages = ["en", "zh", "cs-CZ", "en"]\n')
    settings = load_settings()

    assert (settings.categories, settings.languages) == (("cs.AI",), ("en", "zh", "cs-CZ"))


def test_the_public_address_has_no_slash_at_its_end() -> None:
    assert load_settings(base_url="https://example.org/arxiv/").base == "https://example.org/arxiv"


def test_without_an_endpoint_no_model_writes() -> None:
    assert load_settings(languages=("en", "zh")).written_languages == ()


def test_a_model_writes_in_the_feeds_languages_or_in_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_LANGUAGES", "en,zh")
    monkeypatch.setenv("FEEDSVC_LLM__BASE_URL", "http://127.0.0.1:8000/v1")
    monkeypatch.setenv("FEEDSVC_LLM__MODEL", "small")
    in_all = load_settings().written_languages
    monkeypatch.setenv("FEEDSVC_LLM__LANGUAGES", "zh")

    assert (in_all, load_settings().written_languages) == (("en", "zh"), ("zh",))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BASE_URL", "http://127.0.0.1:8000/v1", "llm: model is empty"),
        ("MODEL", "extractive", "is what digests without a model are called"),
        ("MONEY_PER_DAY", "3", "money_per_day needs prices"),
        ("LANGUAGES", "zh", "'zh' is not among the feeds' languages"),
        ("LANGUAGES", "Chinese!", "is no language"),
        ("CONCURRENCY", "0", "llm.concurrency"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FEEDSVC_LLM__{name}", value)

    assert said in refusal()


def test_the_hub_is_our_own_by_default() -> None:
    settings = load_settings(base_url="https://feeds.example.org/arxiv/")

    assert settings.hub_urls == ("https://feeds.example.org/arxiv/hub",)
    assert not settings.hub.loopback


def test_other_hubs_stand_behind_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_HUB__MODE", "publish")
    monkeypatch.setenv("FEEDSVC_HUB__OTHERS", "https://one.example/, https://two.example/hub")

    assert load_settings().hub_urls == (
        "http://127.0.0.1:8080/hub",
        "https://one.example/",
        "https://two.example/hub",
    )


def test_other_hubs_can_be_the_only_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_HUB__MODE", "others")
    monkeypatch.setenv("FEEDSVC_HUB__OTHERS", "https://one.example/")

    settings = load_settings()
    assert settings.hub_urls == settings.other_hubs == ("https://one.example/",)
    assert not settings.hub.is_served


def test_without_a_hub_there_is_no_address_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_HUB__MODE", "off")

    assert load_settings().hub_urls == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MODE", "publish", "expected both or neither"),
        ("MODE", "others", "expected both or neither"),
        ("OTHERS", "https://one.example/", "expected both or neither"),
        ("PORTS", "80,0", "0 is no port"),
        ("PORTS", "http", "hub.ports"),
        ("LEASE_SECONDS", "5", "least_lease_seconds <= lease_seconds"),
        ("SIGNATURE", "md5", "hub.signature"),
    ],
)
def test_a_hub_that_cannot_be_is_refused(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FEEDSVC_HUB__{name}", value)

    assert said in refusal()


def test_ports_are_a_list_and_none_is_every_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_HUB__PORTS", "443, 8443")
    assert load_settings().hub.ports == (443, 8443)

    monkeypatch.setenv("FEEDSVC_HUB__PORTS", "")
    assert load_settings().hub.ports == ()


def test_trusted_proxies_are_addresses_and_networks() -> None:
    read = load_settings(trusted_proxies="127.0.0.1, 10.0.0.0/8,2001:db8::/32").trusted_proxies

    assert list(map(str, read)) == ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]
    with pytest.raises(SettingsError, match=r"trusted_proxies\.0: 'proxy\.example'.*network"):
        load_settings(trusted_proxies="proxy.example")
