"""Reading a file of rows that a model is to answer, with the types that its signature names."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Signature

# As the import reads them: a blank in a column of numbers is a missing value.
_NULLS = ["", " ", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-"]
_TYPES = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXT: pa.string(),
    ColumnType.DATETIME: pa.timestamp("us"),
}


def read(path: Path, signature: Signature) -> pa.Table:
    """The whole file (.csv or .parquet). Columns that the model does not know stay as they are.

    Raises UserError for a file that is missing, no table, or lacks or spoils an input column.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    try:
        table = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path, signature)
    except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError) as error:
        raise UserError(
            f"{path.name} cannot be read as rows for the model.", why=str(error).split("\n")[0]
        ) from error
    missing = [field.name for field in signature.inputs if field.name not in table.column_names]
    if missing:
        raise UserError(
            f"{path.name} lacks {_listed(missing)}.",
            why="The model needs every column that it was trained with.",
            hint="Add the columns; they may be empty where values are missing.",
        )
    return table


def _csv(path: Path, signature: Signature) -> pa.Table:
    options = arrow_csv.ConvertOptions(
        column_types={field.name: _TYPES[field.type] for field in signature.inputs},
        null_values=_NULLS,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    with path.open("rb") as file:
        return arrow_csv.read_csv(file, convert_options=options)


def _parquet(path: Path) -> pa.Table:
    with path.open("rb") as file:
        return parquet.read_table(file)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more columns" if len(names) > 5 else f"column {shown}"
