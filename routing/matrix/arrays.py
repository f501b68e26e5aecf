"""Array types of the kernels. One type each: a read-only or strided array would compile a kernel a second time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

I8 = NDArray[np.int8]
U8 = NDArray[np.uint8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Costs = I32 | I64
"""Times or times with distances: kernels are compiled for either."""

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


def own_i32(values: ArrayLike) -> I32:
    """Return ``values`` as contiguous, writable int32; a copy only where they are not."""
    return np.require(values, np.int32, ["C", "W"])


def own_f64(values: ArrayLike) -> F64:
    """Return ``values`` as contiguous, writable float64; a copy only where they are not."""
    return np.require(values, np.float64, ["C", "W"])
