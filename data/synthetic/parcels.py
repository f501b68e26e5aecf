"""Parcels as merchants send them: sizes, weights and how many to an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from data.model.parcel import Dimensions, Parcel, ParcelState
from data.units import ceil_int

MOST_PARCELS = (1, 2, 3)
PARCEL_SHARES = (0.85, 0.12, 0.03)
Range = tuple[int, int]


@dataclass(frozen=True)
class ParcelSize:
    """A kind of parcel: ranges of its sides in mm and of its weight in g, light ones more likely."""

    share: float
    length_mm: Range
    width_mm: Range
    height_mm: Range
    load_g: Range


SMALL = ParcelSize(0.40, (200, 320), (120, 240), (20, 85), (150, 1200))
MEDIUM = ParcelSize(0.38, (250, 420), (180, 330), (90, 185), (500, 5000))
LARGE = ParcelSize(0.17, (350, 600), (250, 370), (190, 400), (2000, 15_000))
BULKY = ParcelSize(0.05, (600, 1100), (300, 580), (200, 500), (8000, 28_000))
SIZES = (SMALL, MEDIUM, LARGE, BULKY)
BULKY_SKILL_G = 20_000


@dataclass(frozen=True)
class Goods:
    """What a parcel holds, for copying: its outer size and weight."""

    size_mm: Dimensions
    load_g: int


def draw_goods(rng: np.random.Generator, size: ParcelSize) -> Goods:
    """Return one item of a size; the weight follows a log-uniform law, rounded up to 10 g."""
    sides = [int(rng.integers(low, high + 1)) for low, high in (size.length_mm, size.width_mm, size.height_mm)]
    low, high = np.log(size.load_g)
    load_g = ceil_int(float(np.exp(rng.uniform(low, high))) / 10) * 10
    return Goods(Dimensions(length_mm=sides[0], width_mm=sides[1], height_mm=sides[2]), min(load_g, size.load_g[1]))


def draw_size(rng: np.random.Generator, bulky: bool) -> ParcelSize:
    """Return a size by its share; without ``bulky`` those that neither lockers nor relay points take are left out."""
    shares = np.array([size.share for size in SIZES])
    if not bulky:
        shares[-1] = 0
    return SIZES[int(rng.choice(len(SIZES), p=shares / shares.sum()))]


def parcel(parcel_id: str, goods: Goods, state: ParcelState, ready_at: datetime | None) -> Parcel:
    """Return a parcel of ``goods``; its volume is rounded up to a whole dm3."""
    size = goods.size_mm
    return Parcel(
        id=parcel_id,
        load_g=goods.load_g,
        volume_dm3=ceil_int(size.length_mm * size.width_mm * size.height_mm / 1e6),
        size_mm=size,
        state=state,
        ready_at=ready_at,
    )
