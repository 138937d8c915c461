"""The steps that a recipe can be made of: one catalogue for files, forms, errors and help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    """Named as a recipe's YAML names them."""

    FILTER = "filter"
    DROP_DUPLICATES = "drop_duplicates"
    DROP_MISSING = "drop_missing"
    DROP_OUTLIERS = "drop_outliers"
    SAMPLE = "sample"
    CONCATENATE = "concatenate"

    PARSE_NUMBER = "parse_number"
    PARSE_DATE = "parse_date"
    FILL = "fill"
    CLIP = "clip"
    RENAME = "rename"
    CAST = "cast"
    MAP_VALUES = "map_values"
    BIN = "bin"
    LOG = "log"
    RATIO = "ratio"
    SUM = "sum"
    DIFFERENCE = "difference"
    DATE_PARTS = "date_parts"
    CYCLIC = "cyclic"
    GROUP_RARE = "group_rare"
    DROP_COLUMNS = "drop_columns"
    FORMULA = "formula"

    @property
    def form(self) -> StepForm:
        return STEPS[self]

    @property
    def is_table_step(self) -> bool:
        """True where it changes which rows there are. The others go row by row, and travel with
        the model."""
        return self in _TABLE_STEPS


_TABLE_STEPS = frozenset(
    {
        StepKind.FILTER,
        StepKind.DROP_DUPLICATES,
        StepKind.DROP_MISSING,
        StepKind.DROP_OUTLIERS,
        StepKind.SAMPLE,
        StepKind.CONCATENATE,
    }
)


class FieldKind(StrEnum):
    """What a setting holds: the name of a column, a list of names, a number, ..."""

    COLUMN = "column"
    COLUMNS = "columns"
    NEW_COLUMN = "new_column"
    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    CHOICE = "choice"
    CHOICES = "choices"
    EXPRESSION = "expression"
    VALUES = "values"  # A mapping of old values to new ones.
    NUMBERS = "numbers"  # A list of numbers that grow.
    VALUE = "value"  # A number, a text, true or false.
    DATASET = "dataset"  # NAME or NAME@VERSION.


@dataclass(frozen=True, slots=True)
class StepField:
    """One setting of a step. optional: may be left out; default is what that means."""

    name: str
    kind: FieldKind
    title: str
    optional: bool = False
    default: object = None
    choices: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class StepForm:
    """title is what menus call the step, help one sentence for who does not know it."""

    title: str
    help: str
    fields: tuple[StepField, ...]


def _column(title: str = "Column") -> StepField:
    return StepField("column", FieldKind.COLUMN, title)


def _columns(title: str = "Columns", *, all_if_none: bool = False) -> StepField:
    hint = "None chosen: all columns." if all_if_none else ""
    return StepField(
        "columns", FieldKind.COLUMNS, title, optional=all_if_none, default=(), hint=hint
    )


def _into(hint: str) -> StepField:
    return StepField("into", FieldKind.NEW_COLUMN, "New column", hint=hint)


_DATE_PARTS = ("year", "quarter", "month", "day", "weekday", "hour", "minute", "day_of_year")

STEPS: dict[StepKind, StepForm] = {
    StepKind.FILTER: StepForm(
        "Keep rows where",
        "Keeps the rows for which the condition is true.",
        (
            StepField(
                "where", FieldKind.EXPRESSION, "Condition", hint="price > 0 and city = 'Rome'"
            ),
        ),
    ),
    StepKind.DROP_DUPLICATES: StepForm(
        "Drop duplicate rows",
        "Keeps one of the rows that are equal in the chosen columns.",
        (
            _columns("Equal in", all_if_none=True),
            StepField(
                "keep",
                FieldKind.CHOICE,
                "Keep",
                optional=True,
                default="first",
                choices=("first", "last"),
            ),
        ),
    ),
    StepKind.DROP_MISSING: StepForm(
        "Drop rows with missing values",
        "Drops the rows where a value of the chosen columns is missing.",
        (
            _columns("Missing in", all_if_none=True),
            StepField(
                "how",
                FieldKind.CHOICE,
                "Drop where",
                optional=True,
                default="any",
                choices=("any", "all"),
                hint="any: one is missing; all: every one is.",
            ),
        ),
    ),
    StepKind.DROP_OUTLIERS: StepForm(
        "Drop outliers",
        "Drops the rows whose numbers lie far from the middle of their column.",
        (
            _columns(),
            StepField(
                "method",
                FieldKind.CHOICE,
                "By",
                optional=True,
                default="iqr",
                choices=("iqr", "zscore"),
                hint="iqr: quartiles and their distance (Tukey); zscore: mean and deviation.",
            ),
            StepField("factor", FieldKind.NUMBER, "Factor", optional=True, default=3.0),
        ),
    ),
    StepKind.SAMPLE: StepForm(
        "Take a sample",
        "Keeps some rows, chosen at random but always the same for one seed.",
        (
            StepField("rows", FieldKind.INTEGER, "Rows", optional=True),
            StepField("share", FieldKind.NUMBER, "or share", optional=True, hint="0.1 is a tenth."),
            StepField("seed", FieldKind.INTEGER, "Seed", optional=True, default=0),
        ),
    ),
    StepKind.CONCATENATE: StepForm(
        "Add the rows of another dataset",
        "Puts the rows of another version, which has these columns, below.",
        (StepField("dataset", FieldKind.DATASET, "Version"),),
    ),
    StepKind.PARSE_NUMBER: StepForm(
        "Read as numbers",
        "Reads text such as 1.234,50 or $12 as numbers; what is none becomes missing.",
        (
            _columns(),
            StepField(
                "decimal",
                FieldKind.CHOICE,
                "Decimal sign",
                optional=True,
                default=".",
                choices=(".", ","),
            ),
        ),
    ),
    StepKind.PARSE_DATE: StepForm(
        "Read as dates",
        "Reads text as moments; what is none becomes missing.",
        (
            _columns(),
            StepField(
                "format",
                FieldKind.TEXT,
                "Format",
                optional=True,
                hint="%d/%m/%Y for 31/12/2024; empty for ISO; %Y-%m-%d|%d/%m/%Y for both.",
            ),
        ),
    ),
    StepKind.FILL: StepForm(
        "Fill missing values",
        "Puts a value where one is missing. What is learnt for it comes from training rows only.",
        (
            _columns(),
            StepField(
                "with",
                FieldKind.CHOICE,
                "With",
                optional=True,
                default="median",
                choices=("median", "mean", "most_frequent", "value"),
            ),
            StepField("value", FieldKind.VALUE, "Value", optional=True),
        ),
    ),
    StepKind.CLIP: StepForm(
        "Clip",
        "Moves numbers below or above the limits to the limit.",
        (
            _columns(),
            StepField("low", FieldKind.NUMBER, "Lowest", optional=True),
            StepField("high", FieldKind.NUMBER, "Highest", optional=True),
            StepField(
                "low_share",
                FieldKind.NUMBER,
                "or lowest share",
                optional=True,
                hint="0.01: at the value that 1 % of the training rows are below.",
            ),
            StepField(
                "high_share",
                FieldKind.NUMBER,
                "or highest share",
                optional=True,
                hint="0.99: at the value that 1 % of the training rows are above.",
            ),
        ),
    ),
    StepKind.RENAME: StepForm(
        "Rename", "Gives a column another name.", (_column(), _into("Its new name."))
    ),
    StepKind.CAST: StepForm(
        "Change the type",
        "Turns a column into another type; a value that does not fit becomes missing.",
        (
            _columns(),
            StepField(
                "to",
                FieldKind.CHOICE,
                "To",
                choices=("integer", "number", "boolean", "text", "datetime"),
            ),
        ),
    ),
    StepKind.MAP_VALUES: StepForm(
        "Replace values",
        "Replaces values by others, such as 'yes' by 'Yes'.",
        (
            _column(),
            StepField("values", FieldKind.VALUES, "Values"),
            StepField(
                "other",
                FieldKind.CHOICE,
                "All others",
                optional=True,
                default="keep",
                choices=("keep", "missing"),
            ),
        ),
    ),
    StepKind.BIN: StepForm(
        "Group into bins",
        "Turns a number into the number of its bin: 0 below the first edge.",
        (
            _column(),
            StepField(
                "edges", FieldKind.NUMBERS, "Edges", optional=True, hint="0, 10, 100: four bins."
            ),
            StepField(
                "count",
                FieldKind.INTEGER,
                "or count",
                optional=True,
                hint="So many bins of equally many training rows.",
            ),
            _into("price_bin"),
        ),
    ),
    StepKind.LOG: StepForm(
        "Logarithm",
        "log(1 + x), for amounts with a long tail; missing where x is -1 or less.",
        (_columns(),),
    ),
    StepKind.RATIO: StepForm(
        "Ratio",
        "One number divided by another; missing where the divisor is 0.",
        (
            StepField("column", FieldKind.COLUMN, "Column"),
            StepField("by", FieldKind.COLUMN, "Divided by"),
            _into("price_per_room"),
        ),
    ),
    StepKind.SUM: StepForm(
        "Sum", "The sum of numbers; missing where one is.", (_columns(), _into("total"))
    ),
    StepKind.DIFFERENCE: StepForm(
        "Difference",
        "One number or moment less another; of moments, in days.",
        (
            StepField("column", FieldKind.COLUMN, "Column"),
            StepField("less", FieldKind.COLUMN, "Less"),
            _into("days_open"),
        ),
    ),
    StepKind.DATE_PARTS: StepForm(
        "Parts of a date",
        "New columns such as the month and the weekday (Monday is 0).",
        (_column(), StepField("parts", FieldKind.CHOICES, "Parts", choices=_DATE_PARTS)),
    ),
    StepKind.CYCLIC: StepForm(
        "Cyclic",
        "Sine and cosine of a number with a period, so that 23 and 0 o'clock are near.",
        (_column(), StepField("period", FieldKind.NUMBER, "Period", hint="24 for hours.")),
    ),
    StepKind.GROUP_RARE: StepForm(
        "Group rare values",
        "Replaces the values that are rare in the training rows by one name.",
        (
            _column(),
            StepField("share", FieldKind.NUMBER, "Rarer than", optional=True, default=0.01),
            StepField("name", FieldKind.TEXT, "Called", optional=True, default="(other)"),
        ),
    ),
    StepKind.DROP_COLUMNS: StepForm("Drop columns", "Leaves columns out.", (_columns(),)),
    StepKind.FORMULA: StepForm(
        "Formula",
        "A new column computed from others.",
        (
            _into("bmi"),
            StepField("formula", FieldKind.EXPRESSION, "Formula", hint="weight / height ^ 2"),
        ),
    ),
}
