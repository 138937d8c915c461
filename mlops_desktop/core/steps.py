"""The steps that a recipe can be made of: one catalogue for files, forms, errors and help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlops_desktop.core.setting_fields import FieldKind, SettingField, choice


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
        """It changes which rows there are; the others go row by row, and travel with the model."""
        return self.form.changes_rows


@dataclass(frozen=True, slots=True)
class StepForm:
    """title is what menus call the step, help one sentence for who does not know it."""

    title: str
    help: str
    fields: tuple[SettingField, ...]
    changes_rows: bool = False


def _column() -> SettingField:
    return SettingField("column", FieldKind.COLUMN, "Column")


def _columns(title: str = "Columns", *, all_if_none: bool = False) -> SettingField:
    hint = "None chosen: all columns." if all_if_none else ""
    return SettingField(
        "columns", FieldKind.COLUMNS, title, optional=all_if_none, default=(), hint=hint
    )


def _into(example: str = "") -> SettingField:
    hint = f"Such as {example}" if example else "Its new name."
    return SettingField("into", FieldKind.NEW_COLUMN, "New column", hint=hint)


_DATE_PARTS = ("year", "quarter", "month", "day", "weekday", "hour", "minute", "day_of_year")

STEPS: dict[StepKind, StepForm] = {
    StepKind.FILTER: StepForm(
        "Keep rows where",
        "Keeps the rows for which the condition is true.",
        (
            SettingField(
                "where",
                FieldKind.EXPRESSION,
                "Condition",
                hint="Such as price > 0 and city = 'Rome'",
            ),
        ),
        changes_rows=True,
    ),
    StepKind.DROP_DUPLICATES: StepForm(
        "Drop duplicate rows",
        "Keeps one of the rows that are equal in the chosen columns.",
        (
            _columns("Equal in", all_if_none=True),
            choice("keep", "Keep", "first", "last"),
        ),
        changes_rows=True,
    ),
    StepKind.DROP_MISSING: StepForm(
        "Drop rows with missing values",
        "Drops the rows where a value of the chosen columns is missing.",
        (
            _columns("Missing in", all_if_none=True),
            choice(
                "how", "Drop where", "any", "all", hint="any: one is missing; all: every one is."
            ),
        ),
        changes_rows=True,
    ),
    StepKind.DROP_OUTLIERS: StepForm(
        "Drop outliers",
        "Drops the rows whose numbers lie far from the middle of their column.",
        (
            _columns(),
            choice(
                "method",
                "By",
                "iqr",
                "zscore",
                hint="iqr: quartiles and their distance (Tukey); zscore: mean and deviation.",
            ),
            SettingField("factor", FieldKind.NUMBER, "Factor", optional=True, default=3.0),
        ),
        changes_rows=True,
    ),
    StepKind.SAMPLE: StepForm(
        "Take a sample",
        "Keeps some rows, chosen at random but always the same for one seed.",
        (
            SettingField("rows", FieldKind.INTEGER, "Rows", optional=True),
            SettingField(
                "share", FieldKind.NUMBER, "or share", optional=True, hint="0.1 is a tenth."
            ),
            SettingField("seed", FieldKind.INTEGER, "Seed", optional=True, default=0),
        ),
        changes_rows=True,
    ),
    StepKind.CONCATENATE: StepForm(
        "Add the rows of another dataset",
        "Puts the rows of another version, which has these columns, below.",
        (SettingField("dataset", FieldKind.DATASET, "Version"),),
        changes_rows=True,
    ),
    StepKind.PARSE_NUMBER: StepForm(
        "Read as numbers",
        "Reads text such as 1.234,50 or $12 as numbers; what is none becomes missing.",
        (
            _columns(),
            choice("decimal", "Decimal sign", ".", ","),
        ),
    ),
    StepKind.PARSE_DATE: StepForm(
        "Read as dates",
        "Reads text as moments; what is none becomes missing.",
        (
            _columns(),
            SettingField(
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
            choice("with", "With", "median", "mean", "most_frequent", "value"),
            SettingField("value", FieldKind.VALUE, "Value", optional=True),
        ),
    ),
    StepKind.CLIP: StepForm(
        "Clip",
        "Moves numbers below or above the limits to the limit.",
        (
            _columns(),
            SettingField("low", FieldKind.NUMBER, "Lowest", optional=True),
            SettingField("high", FieldKind.NUMBER, "Highest", optional=True),
            SettingField(
                "low_share",
                FieldKind.NUMBER,
                "or lowest share",
                optional=True,
                hint="0.01: at the value that 1 % of the training rows are below.",
            ),
            SettingField(
                "high_share",
                FieldKind.NUMBER,
                "or highest share",
                optional=True,
                hint="0.99: at the value that 1 % of the training rows are above.",
            ),
        ),
    ),
    StepKind.RENAME: StepForm("Rename", "Gives a column another name.", (_column(), _into())),
    StepKind.CAST: StepForm(
        "Change the type",
        "Turns a column into another type; a value that does not fit becomes missing.",
        (
            _columns(),
            SettingField(
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
            SettingField("values", FieldKind.VALUES, "Values"),
            choice("other", "All others", "keep", "missing"),
        ),
    ),
    StepKind.BIN: StepForm(
        "Group into bins",
        "Turns a number into the number of its bin: 0 below the first edge.",
        (
            _column(),
            SettingField(
                "edges", FieldKind.NUMBERS, "Edges", optional=True, hint="0, 10, 100: four bins."
            ),
            SettingField(
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
            _column(),
            SettingField("by", FieldKind.COLUMN, "Divided by"),
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
            _column(),
            SettingField("less", FieldKind.COLUMN, "Less"),
            _into("days_open"),
        ),
    ),
    StepKind.DATE_PARTS: StepForm(
        "Parts of a date",
        "New columns such as the month and the weekday (Monday is 0).",
        (_column(), SettingField("parts", FieldKind.CHOICES, "Parts", choices=_DATE_PARTS)),
    ),
    StepKind.CYCLIC: StepForm(
        "Cyclic",
        "Sine and cosine of a number with a period, so that 23 and 0 o'clock are near.",
        (_column(), SettingField("period", FieldKind.NUMBER, "Period", hint="24 for hours.")),
    ),
    StepKind.GROUP_RARE: StepForm(
        "Group rare values",
        "Replaces the values that are rare in the training rows by one name.",
        (
            _column(),
            SettingField("share", FieldKind.NUMBER, "Rarer than", optional=True, default=0.01),
            SettingField("name", FieldKind.TEXT, "Called", optional=True, default="(other)"),
        ),
    ),
    StepKind.DROP_COLUMNS: StepForm("Drop columns", "Leaves columns out.", (_columns(),)),
    StepKind.FORMULA: StepForm(
        "Formula",
        "A new column computed from others.",
        (
            _into("bmi"),
            SettingField(
                "formula", FieldKind.EXPRESSION, "Formula", hint="Such as weight / height ^ 2"
            ),
        ),
    ),
}
