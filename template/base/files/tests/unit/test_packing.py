import numpy as np
import pandas as pd

from project_package.packing import pack
from project_package.schema import CATEGORIES, FEATURES, NUMBERS


def columns() -> dict[str, list[float | str | None]]:
    return {
        column.name: [1.5, None] if column.kind == "number" else ["B6", None] for column in FEATURES
    }


def test_inputs_are_float32_and_text_in_the_schema_s_order() -> None:
    inputs = pack(columns())

    assert inputs["numbers"].dtype == np.float32
    assert inputs["numbers"].shape == (2, len(NUMBERS))
    assert inputs["categories"].shape == (2, len(CATEGORIES))


def test_a_missing_number_is_nan_and_a_missing_category_is_empty() -> None:
    inputs = pack(columns())

    assert np.isnan(inputs["numbers"][1]).all()
    assert (inputs["categories"][1] == "").all()


def test_the_order_of_a_frame_s_columns_does_not_matter() -> None:
    frame = pd.DataFrame(columns())

    assert (pack(frame)["categories"] == pack(frame[frame.columns[::-1]])["categories"]).all()
