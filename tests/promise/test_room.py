"""Room that comes to be gone without a reservation."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from promise.room import coming_back


def test_what_is_overdue_goes_on_the_first_open_day() -> None:
    opened = np.array([[False, False, True, True]])
    back = coming_back(np.zeros((1, 4), dtype=np.int64), np.array([7]), opened, 0.0)
    assert back.tolist() == [[0, 0, 7, 0]]


def test_each_day_hands_on_a_share_by_hand() -> None:
    held = np.array([100, 100, 0, 40])
    back = coming_back(held, np.array(10), np.array([True, True, False, True]), 0.1)
    assert back.tolist() == [10, 11, 0, 11]  # 10; a tenth of 110; closed; a tenth of 111


@given(
    arrays.arrays(np.int64, (3, 6), elements=st.integers(0, 50)),
    arrays.arrays(np.int64, (3,), elements=st.integers(0, 50)),
    arrays.arrays(np.bool_, (3, 6)),
    st.floats(0.0, 1.0),
)
def test_more_held_or_overdue_never_leaves_more_room(
    held: np.ndarray, overdue: np.ndarray, opened: np.ndarray, again: float
) -> None:
    back = coming_back(held, overdue, opened, again)
    assert (back >= 0).all() and (back[~opened] == 0).all()
    assert (coming_back(held + 1, overdue, opened, again) >= back).all()
    assert (coming_back(held, overdue + 1, opened, again) >= back).all()
