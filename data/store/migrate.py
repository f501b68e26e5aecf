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
    before = revision_of(connection)
    if before != newest():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, newest())
    return before, newest()


def revision_of(connection: Connection) -> str | None:
    """Return the schema's revision; ``None``: there is no schema."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def newest() -> str:
    """Return the newest revision there is."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None, "there is a migration"
    return revision


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "data.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
