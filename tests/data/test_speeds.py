"""Speed curves from CSV: what a line means, and every line that means nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import data
from data.errors import InputError
from data.model.streets import RoadClass
from data.sources.speeds import read_speed_curves

HEADER = "road_class,weekday,hour_from,hour_to,factor"
SAMPLE = Path(data.__file__).parent / "samples" / "speeds_urban.csv"


def write(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "speeds.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_lines_overwrite_what_is_before_and_the_rest_is_free_flow(tmp_path: Path) -> None:
    path = write(tmp_path, "*,*,7,9,0.8", "primary,mo-fr,8,9,0.5", "motorway,su,0,24,1.1")
    factor = read_speed_curves(path).factor
    assert factor.shape == (len(RoadClass), 7, 24)
    assert factor[RoadClass.TRACK, 6, 7:9].tolist() == [0.8, 0.8]
    assert factor[RoadClass.PRIMARY, 4, 6:10].tolist() == [1.0, 0.8, 0.5, 1.0]
    assert factor[RoadClass.PRIMARY, 5, 8] == 0.8
    assert (factor[RoadClass.MOTORWAY, 6] == 1.1).all()


def test_the_sample_of_the_house_is_readable() -> None:
    factor = read_speed_curves(SAMPLE).factor
    assert 0.5 <= factor.min() < factor.max() == 1.0
    assert np.unique(factor.reshape(-1, 24), axis=0).size


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("primry,mo,7,9,0.8", "unknown_road_class"),
        ("primary,lundi,7,9,0.8", "unknown_weekday"),
        ("primary,fr-mo,7,9,0.8", "unknown_weekday"),
        ("primary,mo-tu-we,7,9,0.8", "unknown_weekday"),
        ("primary,mo,9,9,0.8", "no_hours"),
        ("primary,mo,22,2,0.8", "no_hours"),
        ("primary,mo,7,25,0.8", "out_of_range"),
        ("primary,mo,7.5,9,0.8", "invalid_number"),
        ("primary,mo,7,9,0", "out_of_range"),
        ("primary,mo,7,9,3", "out_of_range"),
        ("primary,mo,7,9,fast", "invalid_number"),
        ("primary,mo,7,9,nan", "invalid_number"),
        ("primary,mo,7,9,", "missing_value"),
        ("primary,mo,,9,0.8", "missing_value"),
        (",mo,7,9,0.8", "unknown_road_class"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_speed_curves(write(tmp_path, "*,*,0,24,1", line))
    assert caught.value.code == code
    assert caught.value.where.endswith("speeds.csv:3")


def test_all_wrong_lines_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 problems:(.|\n)*:2: (.|\n)*:4: "):
        read_speed_curves(write(tmp_path, "x,mo,7,9,0.8", "*,mo,7,9,0.8", "*,mo,7,9,-1"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_speed_curves(write(tmp_path, "*,mo,7,9", header="road_class,weekday,hour_from,hour_to"))
    assert caught.value.code == "missing_column"
