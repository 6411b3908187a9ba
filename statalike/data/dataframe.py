"""Between a :class:`Dataset` and a pandas data frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from statalike.data.dataset import Dataset
from statalike.data.foreign import stata_names
from statalike.data.labels import ValueLabel
from statalike.data.missing import MISSING, settle
from statalike.data.storage import DOUBLE, smallest_type, type_of_array

if TYPE_CHECKING:
    import pandas as pd

_MILLISECONDS_TO_1960 = 315619200000.0
"""From 1 January 1960 to 1 January 1970, where NumPy counts from."""


def from_dataframe(frame: pd.DataFrame) -> Dataset:
    """A dataset with the columns of a data frame; the index is left out.

    Columns keep their NumPy type where Stata has it (int8, int16, int32, float32, float64; other
    integers and booleans take the smallest type).  Integers beyond a type's range of numbers
    move to a wider one: there the codes of missing values are.  Categories become a value label
    set, times ``%tc``, everything else text.  None, NaN and NaT are missing.
    """
    import pandas as pd

    data = Dataset(n=len(frame))
    names = stata_names([str(name) for name in frame.columns])
    for position, (foreign, name) in enumerate(names.items()):
        column = frame.iloc[:, position]
        label = foreign if foreign != name else ""
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.codes.to_numpy().astype(np.float64) + 1
            values = np.where(codes > 0, codes, MISSING)
            data.add(name, values, smallest_type(values), label=label, value_label=name)
            texts = {i: str(text) for i, text in enumerate(column.cat.categories, start=1)}
            data.value_labels[name] = ValueLabel(name, texts)
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            data.add(name, _times(column), DOUBLE, format="%tc", label=label)
        elif pd.api.types.is_numeric_dtype(column.dtype):
            _add_numbers(data, name, column, label)
        else:
            texts_of_column = [
                "" if gone else str(text)
                for text, gone in zip(column.tolist(), column.isna().tolist(), strict=True)
            ]
            data.add(name, np.array(texts_of_column, dtype=object), label=label)
    return data


def _add_numbers(data: Dataset, name: str, column: Any, label: str) -> None:
    native = type_of_array(column.to_numpy()) if isinstance(column.dtype, np.dtype) else None
    values = settle(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if native is None or native.is_integer:
        kind = smallest_type(values)
        native = kind if native is None or kind.width > native.width else native
    data.add(name, values, native, label=label)


def _times(column: Any) -> np.ndarray:
    plain = column.dt.tz_localize(None) if column.dt.tz is not None else column
    moments = plain.to_numpy().astype("datetime64[us]")
    gone = np.isnat(moments)
    values = moments.astype(np.int64) / 1000.0 + _MILLISECONDS_TO_1960
    return np.where(gone, MISSING, values)


def to_dataframe(
    data: Dataset, names: Iterable[str] | None = None, *, categories: bool = False
) -> pd.DataFrame:
    """A data frame with the variables of a dataset, or those named.

    Numeric columns keep their NumPy type when nothing is missing in them; else they are float32
    or float64 with NaN.  Texts are ``str``.  With ``categories`` a variable all of whose values
    are labelled becomes an ordered categorical.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in data.names if names is None else names:
        variable = data.variable(name)
        if variable.is_string:
            columns[name] = variable.strings()
            continue
        gone = variable.missing()
        labels = data.value_label_of(name) if categories else None
        if labels is not None:
            codes = sorted(labels.mapping)
            numbers = variable.numbers()
            if np.isin(numbers[~gone], codes).all():
                texts = [labels.mapping[code] for code in codes]
                if len(set(texts)) == len(texts):
                    places = np.where(gone, -1, np.searchsorted(codes, numbers))
                    columns[name] = pd.Categorical.from_codes(
                        places.astype(np.int64), categories=pd.Index(texts), ordered=True
                    )
                    continue
        if not gone.any():
            columns[name] = variable.values
        elif variable.storage.name in ("byte", "int", "float"):
            columns[name] = np.where(gone, np.float32(np.nan), variable.values.astype(np.float32))
        else:
            columns[name] = np.where(gone, np.nan, variable.numbers())
    return pd.DataFrame(columns)
