"""Trying again, and telling so: what failed, how, and how long is waited; never what it was called with.

The one door to stamina: by itself it prints the arguments of a call on stdout, customers and tokens among them.
"""

from __future__ import annotations

import logging

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

log = logging.getLogger(__name__)


def tell(details: RetryDetails) -> None:
    """Log that something is tried again."""
    error = type(details.caused_by).__name__
    log.warning(f"{details.name}: {error}, try {details.retry_num + 1} in {details.wait_for:.1f} s")


set_on_retry_hooks((tell,))
retry, retry_context = stamina.retry, stamina.retry_context
