"""Imported by the process that worker processes are forked from: they begin with everything loaded."""

from __future__ import annotations

from jalon import scale_worker
from routing.warm import warm_kernels

__all__ = ["scale_worker"]

warm_kernels()
