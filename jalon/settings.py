"""What the server is told: defaults, under a TOML file, under ``JALON_*`` variables, under the command line."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from data.errors import InputError, near_miss
from data.store.database import DEFAULT_URL
from jalon.rooms import Auth, Room
from promise.compat.channel import ChannelSettings

PREFIX = "JALON_"
CONFIG = f"{PREFIX}CONFIG"
"""Names the TOML file; else ``jalon.toml`` here, where there is one."""


class Settings(BaseSettings):
    """The server's settings; every field is documented in the README's table."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(8080, ge=0, le=65_535, description="port to listen on; 0 takes a free one")
    only: Room | None = Field(None, description="serve one room alone: routing or promise")
    city: Path | None = Field(None, description="a .city file, or a folder of them")
    promise: Path | None = Field(None, description="hubs, options, areas and tables to promise from, JSON")
    database_url: SecretStr = Field(SecretStr(DEFAULT_URL), description="sqlite:///FILE or postgresql://HOST/NAME")
    refresh_s: float = Field(30.0, ge=0.5, le=86_400, description="seconds between two snapshots of what is promised")
    ban: Path | None = Field(None, description="address register to find addresses in: a CSV of the BAN, or a folder")
    geocoder_url: str = Field("", description="else who is asked for addresses, as https://data.geopf.fr/geocodage")
    secret: SecretStr | None = Field(None, min_length=16, description="signs quotes; else one is kept in the store")
    webhooks_loopback: bool = Field(False, description="webhooks may go to this machine too, without TLS")

    auth: Auth = Field(Auth.AUTO, description="auto, on or off; auto: off on this machine until a key exists")
    tenant: str = Field("default", min_length=1, max_length=128, description="whose callers without a key are")
    keys_refresh_s: float = Field(5.0, gt=0, le=3600, description="seconds until another server's new keys are known")
    cors_origins: tuple[str, ...] = Field((), description="origins whose pages may call /v1")
    rate_limit: int = Field(60_000, ge=1, description="requests that a key may send in a window")
    rate_window_s: int = Field(60, ge=1, le=86_400, description="seconds of that window")

    body_max_bytes: int = Field(16 * 2**20, ge=1024, le=2**30, description="largest request body, unpacked")
    body_timeout_s: float = Field(30.0, gt=0, le=3600, description="seconds for a request body to arrive")
    reply_timeout_s: float = Field(120.0, gt=0, le=86_400, description="seconds until a reply begins")
    requests_max: int = Field(2_000, ge=1, le=1_000_000, description="requests at work at a time")
    shutdown_s: int = Field(30, ge=0, le=3600, description="seconds for requests to end once it is told to stop")

    dask_address: str = Field("", description="a Dask scheduler to solve on, tcp://HOST:PORT; else on this machine")
    workers: int = Field(0, ge=0, le=1_000, description="processes that solve on this machine; 0: one per processor")

    solve_max_s: float = Field(3600.0, gt=0, le=86_400, description="longest search that /v1 may be asked for, seconds")
    vroom_max_locations: int = Field(1_000, ge=1, description="jobs, and twice the shipments, that POST / may have")
    vroom_max_vehicles: int = Field(200, ge=1, description="vehicles that POST / may have")
    table_max: int = Field(1_000, ge=1, description="coordinates that an OSRM or openrouteservice table may have")
    route_max: int = Field(500, ge=2, description="coordinates that an OSRM or openrouteservice route may have")
    nearest_max: int = Field(100, ge=1, description="streets that OSRM's /nearest may be asked for")

    channels: dict[str, ChannelSettings] = Field({}, description="sales channels, tables [channels.NAME]")

    log_one_in: int = Field(1_000, ge=1, le=1_000_000, description="of so many good requests one is logged")
    log_slow_s: float = Field(1.0, gt=0, le=3600, description="requests as long as that are always logged")

    @property
    def solves_here(self) -> bool:
        """Whether plans are searched for by processes of this server."""
        return self.city is not None and not self.dask_address and self.only is not Room.PROMISE

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where values come from, the strongest first."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file())


def _config_file() -> Path:
    return Path(os.environ.get(CONFIG) or "jalon.toml")


def load_settings(**given: Any) -> Settings:
    """Return the settings; what is ``None`` in ``given`` wasn't given.

    Raises
    ------
    InputError
        ``unreadable_file``, ``invalid_toml``, ``unknown_setting`` or ``invalid_setting``; none shows a value.
    """
    file = _config_file()
    if CONFIG in os.environ and not file.is_file():
        raise InputError("unreadable_file", "there is no such file", str(file), f"correct {CONFIG}")
    _refuse_mistyped()
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = [str(part) for part in first["loc"]]
        if first["type"] == "extra_forbidden":
            name, known = path[-1], (ChannelSettings if len(path) > 1 else Settings).model_fields
            hint = near_miss(name, known) or "remove it"
            raise InputError("unknown_setting", f"there is no setting `{name}`", str(file), hint) from None
        where = PREFIX + "__".join(path).upper()
        raise InputError("invalid_setting", first["msg"], where, f"correct it there, or in {file.name}") from None
    except ValueError as error:  # TOML that can't be parsed, JSON in a variable
        raise InputError("invalid_setting", str(error).splitlines()[0], str(file), "correct it") from None


def _refuse_mistyped() -> None:
    """Refuse variables that are nearly a setting; what else begins as ours may be another program's."""
    known = {*Settings.model_fields, "config", "cache"}
    for variable in sorted(os.environ):
        name = variable.removeprefix(PREFIX).split("__")[0].lower()
        if not variable.startswith(PREFIX) or name in known:
            continue
        for meant in get_close_matches(name, known, n=1, cutoff=0.75):
            hint = f"did you mean `{PREFIX}{meant.upper()}`?"
            raise InputError("unknown_setting", f"there is no setting `{variable}`", "the environment", hint)
