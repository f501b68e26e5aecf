"""Bring the schema to its newest revision."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection) -> tuple[str | None, str]:
    """Run the migrations that are missing, in the caller's transaction; return the revisions before and now."""
    before = MigrationContext.configure(connection).get_current_revision()
    newest = _newest()
    if before != newest:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "data.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


@cache
def _newest() -> str:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None, "there is a migration"
    return newest
