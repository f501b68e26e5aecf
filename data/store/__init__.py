"""The only room that knows SQL: one file per aggregate, each working in the caller's transaction."""

from data.store import tables_addresses as tables_addresses
from data.store import tables_channels as tables_channels
from data.store import tables_fleet as tables_fleet
from data.store import tables_jobs as tables_jobs
from data.store import tables_notices as tables_notices  # the schema is whole once any part of the store is imported
