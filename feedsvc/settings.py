"""The service's settings: defaults, overridden by `feedsvc.toml`, overridden by `FEEDSVC_*` variables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.exceptions import SettingsError as SourceError

from feedsvc.errors import SettingsError
from feedsvc.taxonomy import load_taxonomy
from feedsvc.visitors import LimitSettings, SavingSettings

PREFIX = "FEEDSVC_"
# The tests' own variables, which are no settings.
_TEST_VARIABLES = ("FEEDSVC_TEST_SHARED", "FEEDSVC_TEST_")
ARXIV_INTERVAL_SECONDS = 3.0
"""The least pause between two requests that arXiv asks for: https://info.arxiv.org/help/api/tou.html"""

_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _check_tag(language: str) -> str:
    if not _TAG.fullmatch(language):
        raise ValueError(f"{language!r} is no language: expected a tag like en, zh or pt-BR")
    return language


Language = Annotated[str, AfterValidator(_check_tag)]


def _split_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _raise_letters(level: object) -> object:
    return level.upper() if isinstance(level, str) and level.upper() in LEVELS else level


LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_raise_letters)]


class ArxivSettings(BaseModel):
    """Where arXiv is and how politely it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feed_url: HttpUrl = Field(HttpUrl("https://rss.arxiv.org"), description="base address of the listings")
    api_url: HttpUrl = Field(
        HttpUrl("https://export.arxiv.org/api/query"), description="address of the query API"
    )
    oai_url: HttpUrl = Field(HttpUrl("https://oaipmh.arxiv.org/oai"), description="address of OAI-PMH")
    contact: str = Field(
        "", description="an e-mail or web address that arXiv can write to; goes in the User-Agent"
    )
    interval_seconds: float = Field(
        ARXIV_INTERVAL_SECONDS,
        ge=0,
        description="time between two requests; never under 3 for arXiv's own hosts",
    )
    timeout_seconds: float = Field(60.0, gt=0, description="time a request may take between two packets")
    attempts: int = Field(
        4, ge=1, description="how often one request is tried before the batch counts as failed"
    )
    max_bytes: int = Field(
        50_000_000, gt=0, description="size of an answer, unpacked, past which it is refused"
    )

    @model_validator(mode="after")
    def _spare_arxiv(self) -> ArxivSettings:
        for host in (self.feed_url.host, self.api_url.host, self.oai_url.host):
            is_arxiv = f".{host}".endswith(".arxiv.org")
            if is_arxiv and self.interval_seconds < ARXIV_INTERVAL_SECONDS:
                raise ValueError(
                    f"interval_seconds {self.interval_seconds!r} is too short for {host}: "
                    f"expected at least {ARXIV_INTERVAL_SECONDS}"
                )
        return self


class LlmSettings(BaseModel):
    """Which language model writes digests, if any, and what it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: HttpUrl | None = Field(
        None, description="address of an OpenAI-compatible endpoint, up to `/v1`; no model without it"
    )
    key: SecretStr = Field(SecretStr(""), description="the endpoint's key; empty if it wants none")
    model: str = Field("", description="the model's name, as the endpoint knows it and entries show it")
    languages: Annotated[tuple[Language, ...], NoDecode] = Field(
        (), description="languages in which the model writes, comma-separated; empty means all of the feeds'"
    )
    timeout_seconds: float = Field(120.0, gt=0, description="time an answer may take")
    attempts: int = Field(3, ge=1, description="how often one question is put before it is left for later")
    concurrency: int = Field(4, ge=1, le=64, description="how many questions are put at once")
    max_tokens: int = Field(2000, ge=100, description="the most tokens of one answer")
    tokens_per_day: int | None = Field(
        5_000_000, ge=0, description="tokens a day, read and written, past which digests are extractive"
    )
    money_per_day: float | None = Field(
        None, ge=0, description="the same in money; whatever currency the prices are in"
    )
    reading_price: float = Field(0.0, ge=0, description="price of a million tokens that the model reads")
    writing_price: float = Field(0.0, ge=0, description="price of a million tokens that the model writes")
    hold_minutes: float = Field(
        90.0, ge=0, description="how long a new entry waits for its translation in a feed of that language"
    )

    @field_validator("languages", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return _split_list(value)

    @model_validator(mode="after")
    def _need_model(self) -> LlmSettings:
        if self.base_url is not None and not self.model:
            raise ValueError("model is empty: expected the name of one that the endpoint has")
        if self.model == "extractive":
            raise ValueError("model 'extractive' is what digests without a model are called")
        if self.money_per_day is not None and not (self.reading_price or self.writing_price):
            raise ValueError("money_per_day needs prices: set reading_price and writing_price")
        return self

    @property
    def hold(self) -> timedelta:
        """How long a new entry waits for its translation."""
        return timedelta(minutes=self.hold_minutes)

    @property
    def millionths_per_day(self) -> int | None:
        """The budget in millionths of the prices' currency; None is no bound."""
        return None if self.money_per_day is None else int(self.money_per_day * 1_000_000)


class HubSettings(BaseModel):
    """The WebSub hub: whether there is one, whom it tells of what, and what subscribers may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["off", "own", "publish", "others"] = Field(
        "own",
        description="`own`, this service is the hub of its feeds; `publish`, it tells other hubs as well; "
        "`others`, it only tells other hubs; `off`, neither",
    )
    others: Annotated[tuple[HttpUrl, ...], NoDecode] = Field(
        (), description="addresses of the other hubs, comma-separated, with mode `publish` or `others`"
    )
    diff: bool = Field(
        False, description="whether a delivery holds only the entries that are new since the last one"
    )
    signature: Literal["sha1", "sha256", "sha384", "sha512"] = Field(
        "sha256", description="algorithm of the signatures"
    )
    ports: Annotated[tuple[int, ...], NoDecode] = Field(
        (80, 443, 8080, 8443), description="ports a callback may have, comma-separated; empty is every port"
    )
    loopback: bool = Field(
        False, description="whether callbacks on this very machine are allowed: for tests and the demo"
    )
    least_lease_seconds: int = Field(3600, ge=1, description="shortest lease")
    lease_seconds: int = Field(864_000, ge=1, description="lease where none is asked for; ten days")
    longest_lease_seconds: int = Field(2_592_000, ge=1, description="longest lease; thirty days")
    most: int = Field(1_000_000, ge=0, description="how many subscriptions there may be")
    most_per_host: int = Field(100_000, ge=0, description="how many of them with callbacks on one host")
    most_per_topic: int = Field(500_000, ge=0, description="how many of them on one topic")
    most_waiting: int = Field(10_000, ge=0, description="how many requests may wait for verification")
    most_waiting_per_host: int = Field(200, ge=0, description="how many of them with callbacks on one host")
    most_waiting_per_client: int = Field(
        200, ge=0, description="how many of them from one client, see trusted_proxies"
    )

    @field_validator("ports", "others", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return _split_list(value)

    @field_validator("ports")
    @classmethod
    def _check_ports(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        for port in value:
            if not 1 <= port <= 65535:
                raise ValueError(f"{port} is no port: expected a number from 1 to 65535")
        return value

    @model_validator(mode="after")
    def _check_order(self) -> HubSettings:
        if not self.least_lease_seconds <= self.lease_seconds <= self.longest_lease_seconds:
            raise ValueError("expected least_lease_seconds <= lease_seconds <= longest_lease_seconds")
        if (self.mode in ("publish", "others")) != bool(self.others):
            raise ValueError("others are told with the mode publish or others: expected both or neither")
        return self

    @property
    def is_served(self) -> bool:
        """Whether this service is a hub itself."""
        return self.mode in ("own", "publish")


class Settings(BaseSettings):
    """All settings; read once, at the edge."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        toml_file="feedsvc.toml",
        frozen=True,
        extra="forbid",
    )

    database_url: str = Field("sqlite:///var/feedsvc.sqlite3", description="where the store is")
    base_url: HttpUrl | None = Field(
        None, description="the service's own public address; where it listens, if nothing is said"
    )
    host: str = Field("127.0.0.1", description="address the web server listens on")
    port: int = Field(8080, ge=0, le=65535, description="port the web server listens on")
    threads: int = Field(8, ge=1, description="threads of the web server")
    feeds_dir: Path = Field(Path("feeds"), description="folder of the feed definitions, one TOML file each")
    categories: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="categories and archives to follow, comma-separated; empty means all categories"
    )
    languages: Annotated[tuple[Language, ...], NoDecode] = Field(
        ("en",), description="languages of the feeds, comma-separated, the default one first"
    )
    late_after_hours: float = Field(
        6.0,
        gt=0,
        le=24 * 365,
        description="hours after arXiv's switch to a day, from which on a batch that is not there is late",
    )
    log_level: LogLevel = Field("INFO", description="least level that is logged, in any letter case")
    log_format: Literal["text", "json"] = Field(
        "text", description="how an event is logged: a line for people, or a line of JSON"
    )
    arxiv: ArxivSettings = Field(ArxivSettings(), description="where arXiv is and how it is asked")
    saving: SavingSettings = Field(SavingSettings(), description="whether visitors may save feeds")
    llm: LlmSettings = Field(LlmSettings(), description="which language model writes digests, if any")
    hub: HubSettings = Field(HubSettings(), description="the WebSub hub")
    limits: LimitSettings = Field(LimitSettings(), description="how often one client may ask")
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="addresses or networks of the proxies in front, comma-separated: only their "
        "X-Forwarded-For is believed",
    )

    @field_validator("categories", "languages", "trusted_proxies", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return _split_list(value)

    @field_validator("categories")
    @classmethod
    def _resolve_categories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        taxonomy = load_taxonomy()
        known = sorted(taxonomy.categories)
        if not value:
            return tuple(known)
        followed: set[str] = set()
        for place in value:
            members = taxonomy.members(taxonomy.resolve(place) or place)
            if not members:
                raise ValueError(f"{place!r} is no category or archive: expected one like cs.AI or hep-th")
            followed.update(members)
        return tuple(sorted(followed))

    @field_validator("languages")
    @classmethod
    def _tell_from_places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("none is named: expected at least one, like en")
        for language in value:
            if load_taxonomy().members(language):
                raise ValueError(
                    f"{language!r} is an archive: expected a language with its country, like cs-CZ"
                )
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _know_written_languages(self) -> Settings:
        for language in self.llm.languages:
            if language not in self.languages:
                raise ValueError(f"llm.languages: {language!r} is not among the feeds' languages")
        return self

    @property
    def written_languages(self) -> tuple[str, ...]:
        """The languages in which a model writes digests; none without a model."""
        return () if self.llm.base_url is None else self.llm.languages or self.languages

    @property
    def late_after(self) -> timedelta:
        """How long after arXiv's switch to a day a batch may take."""
        return timedelta(hours=self.late_after_hours)

    @property
    def base(self) -> str:
        """The public address without a slash at its end."""
        return str(self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def hub_urls(self) -> tuple[str, ...]:
        """Where the feeds can be subscribed to: our own hub first."""
        own = (f"{self.base}/hub",) if self.hub.is_served else ()
        return (*own, *self.other_hubs)

    @property
    def other_hubs(self) -> tuple[str, ...]:
        """The hubs that are told of what changed."""
        return tuple(map(str, self.hub.others))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: what is handed in, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**values: object) -> Settings:
    """Read the settings; `values` override every source. Raises SettingsError naming each wrong key."""
    _refuse_unknown_variables()
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("; ".join(map(_explain, error.errors()))) from error
    except SourceError as error:
        raise SettingsError(f"environment: {error}: expected JSON, or one variable a key") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{Settings.model_config['toml_file']}: {error}") from error


def _refuse_unknown_variables() -> None:
    known = set(_list_variables(Settings, PREFIX))
    ours = (name for name in sorted(os.environ) if name.upper().startswith(PREFIX))
    unknown = [
        name for name in ours if name.upper() not in known and not name.upper().startswith(_TEST_VARIABLES)
    ]
    if unknown:
        near = get_close_matches(unknown[0].upper(), known, n=1) or sorted(known)
        raise SettingsError(f"{', '.join(unknown)}: no such setting: expected one like {', '.join(near)}")


def _list_variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}".upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _list_variables(field.annotation, f"{prefix}{name}__")


def _explain(error: Any) -> str:
    key = ".".join(map(str, error["loc"])) or "settings"
    if error["type"] == "extra_forbidden":
        # Variables with unknown names were refused before.
        known = [name.lower().replace("__", ".") for name in _list_variables(Settings, "")]
        near = get_close_matches(key, known, n=1)
        expected = f": expected one like {near[0]}" if near else ""
        file = Settings.model_config["toml_file"]
        return f"{key}: no such setting, in {file} or in a variable's JSON{expected}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if error["type"] == "value_error" else f"{key}: {error['input']!r}: {message}"
