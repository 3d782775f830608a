"""The settings of what visitors may do: save feeds, and how often ask for something."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class SavingSettings(BaseModel):
    """Whether visitors may save feeds of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["off", "open", "token"] = Field(
        "off",
        description="who may save feeds: `off`, nobody; `open`, everybody; `token`, who knows the token",
    )
    token: SecretStr = Field(
        SecretStr(""), description="what whoever saves a feed must know, with mode `token`"
    )
    most: int = Field(10_000, ge=0, description="how many feeds may be saved")
    sleep_days: int = Field(
        90, ge=1, description="days after which a saved feed that nobody asks for is no longer built ahead"
    )

    @model_validator(mode="after")
    def _need_token(self) -> SavingSettings:
        if self.mode == "token" and not self.token.get_secret_value():
            raise ValueError("token is empty: expected one with the mode token")
        return self


class LimitSettings(BaseModel):
    """How often one client may have something made, or send something, in each web process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queries_per_minute: float = Field(
        60.0,
        ge=0,
        description="how many searches, papers' pages and feeds that are not built ahead are made for one "
        "client in a minute; 0 is no limit",
    )
    queries_at_once: int = Field(120, ge=1, description="how many of them after a while without any")
    posts_per_minute: float = Field(
        60.0, ge=0, description="how often one client may send something in a minute; 0 is no limit"
    )
    posts_at_once: int = Field(240, ge=1, description="how often after a while without any")
    most_clients: int = Field(
        20_000,
        ge=1,
        description="how many clients are remembered, whoever stayed away longest forgotten first",
    )
