"""What all model values share: frozen, strict about unknown keys, printable as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self, dataclass_transform

import msgspec
from msgspec import Meta

Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 instant with an offset")]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Count = Annotated[int, Meta(ge=0, le=2_000_000_000)]
Seconds = Annotated[int, Meta(ge=0, le=172_800)]
Price = Annotated[int, Meta(ge=0, le=1_000_000, description="cents per what the name says")]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class _KeywordOnly(msgspec.StructMeta):
    """msgspec doesn't inherit ``kw_only``: say it once for the whole model."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> type:
        return super().__new__(mcls, name, bases, namespace, **{"kw_only": True, **config})


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Value(msgspec.Struct, metaclass=_KeywordOnly, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the model: equality by value, unknown keys refused, changed through :meth:`replace`."""

    def replace(self, **changes: object) -> Self:
        """Return a copy with ``changes`` applied."""
        return msgspec.structs.replace(self, **changes)


class Window(Value):
    """A closed interval of instants, ``start_at`` <= ``end_at``; a service *starts* inside it."""

    start_at: Instant
    end_at: Instant

    def __post_init__(self) -> None:
        if self.end_at < self.start_at:
            raise ValueError(f"window closes ({self.end_at.isoformat()}) before it opens ({self.start_at.isoformat()})")
