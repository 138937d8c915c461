"""`data recipe`: save, list, show, preview and apply recipes, and run them again."""

from __future__ import annotations

from pathlib import Path

import click

from mlops_desktop.actions import datasets, recipe_files, recipe_preview, recipes
from mlops_desktop.cli.datasets import File, checks_of, data, summary, warning_lines
from mlops_desktop.cli.gathering import Gathered
from mlops_desktop.cli.recipe_preview import count, effect, effect_json, page
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipe_documents import step_document
from mlops_desktop.core.recipes import RecipeVersion, Step
from mlops_desktop.core.setting_fields import FieldKind, SettingField
from mlops_desktop.core.steps import STEPS, StepKind

_FILES = (".yaml", ".yml")


@data.group(cls=Gathered, files=("suggestions",))
def recipe() -> None:
    """Recipes: ordered steps that clean a version and make features."""


@recipe.command()
@click.argument("file", type=File)
@click.option("--name", default="", help="Instead of the name in the file.")
@json_option
@click.pass_obj
def save(session: Session, file: Path, name: str, as_json: bool) -> None:
    """Keep the recipe of a YAML FILE as the next version of its name.

    Where the newest version has the same steps, nothing is added.
    """
    found = recipes.import_file(session.store, file, name)
    answer(as_json, _summary(found), f"{found.ref}: {count(len(found.steps), 'step')}")


@recipe.command("list")
@json_option
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """List the recipes with their newest version."""
    found = recipes.list_recipes(session.store)
    rows: list[tuple[object, ...]] = [
        (r.ref, len(r.steps), r.created_at[:19], r.by, r.note) for r in found
    ]
    titles = ("recipe", "steps", "created", "by", "note")
    answer(as_json, [_summary(r) for r in found], table(titles, rows))


@recipe.command()
@click.argument("ref")
@click.option("--out", type=File, help="Write it to a file instead.")
@json_option
@click.pass_obj
def show(session: Session, ref: str, out: Path | None, as_json: bool) -> None:
    """Print the recipe REF (NAME or NAME@VERSION) as YAML."""
    found = recipes.get(session.store, ref)
    text = recipe_files.text_of(found.recipe, found.note, found.steps).rstrip("\n")
    if out is not None:
        recipes.export_file(session.store, ref, out)
        text = f"{found.ref} written to {out}"
    value = _summary(found) | {"steps": [step_document(step) for step in found.steps]}
    answer(as_json, value, text)


@recipe.command()
@click.argument("recipe_ref", metavar="RECIPE")
@click.argument("dataset_ref", metavar="DATASET")
@click.option("--name", help="The dataset that the new version goes to. Default: the same.")
@click.option("--message", default="", help="What is new in this version.")
@json_option
@click.pass_obj
def apply(
    session: Session,
    recipe_ref: str,
    dataset_ref: str,
    name: str | None,
    message: str,
    as_json: bool,
) -> None:
    """Apply RECIPE (NAME or NAME@VERSION) to the version DATASET, which gives a new version."""
    made = recipes.apply(
        session.lane, dataset_ref, recipe_ref, name, message, context=TerminalContext()
    )
    _answer_made(session, made, as_json)


@recipe.command()
@click.argument("dataset_ref", metavar="DATASET")
@click.option("--on", "parent", help="The version to run it on. Default: the newest.")
@json_option
@click.pass_obj
def again(session: Session, dataset_ref: str, parent: str | None, as_json: bool) -> None:
    """Run the recipe that made the version DATASET once more, on a newer version of its parent."""
    made = recipes.again(session.lane, dataset_ref, parent, TerminalContext())
    _answer_made(session, made, as_json)


@recipe.command()
@click.argument("recipe_ref", metavar="RECIPE")
@click.argument("dataset_ref", metavar="DATASET")
@click.option("--step", type=click.IntRange(1), help="Show the rows that this step changes.")
@click.option("--rows", type=click.IntRange(1, 1000), default=10, show_default=True)
@json_option
@click.pass_obj
def preview(
    session: Session,
    recipe_ref: str,
    dataset_ref: str,
    step: int | None,
    rows: int,
    as_json: bool,
) -> None:
    """Tell what each step of RECIPE (saved, or a YAML file) would do to the first rows of DATASET.

    Nothing is stored.
    """
    steps = _steps(session, recipe_ref)
    version = datasets.get_version(session.store, dataset_ref)
    others = recipes.concatenated(session.store, steps)
    recipes.columns_after(version, steps, others)
    if step is not None and step > len(steps):
        raise UserError(f"There is no step {step}.", hint=f"The recipe has {len(steps)}.")
    wanted = range(1, len(steps) + 1) if step is None else [step]
    found = [
        (
            number,
            recipe_preview.preview(
                session.workspace,
                version,
                steps,
                others,
                upto=number,
                rows=rows,
                changes_only=True,
            ),
        )
        for number in wanted
    ]
    lines = [line for number, seen in found for line in effect(number, steps[number - 1], seen)]
    if found and not found[0][1].is_whole:
        seen = found[0][1]
        lines.append(f"From the first {seen.sampled:,} of {seen.total:,} rows.")
    if step is not None:
        lines += ["", page(found[0][1])]
    answer(as_json, [effect_json(n, steps[n - 1], seen) for n, seen in found], "\n".join(lines))


@recipe.command()
@click.argument("kind", required=False, type=click.Choice([kind.value for kind in StepKind]))
@json_option
def steps(kind: str | None, as_json: bool) -> None:
    """List what the steps of a recipe can be, or the settings of one KIND."""
    if kind is None:
        rows: list[tuple[object, ...]] = [
            (k.value, "rows" if k.is_table_step else "columns", form.title, form.help)
            for k, form in STEPS.items()
        ]
        text = table(("step", "changes", "title", "what it does"), rows)
    else:
        form = STEPS[StepKind(kind)]
        settings: list[tuple[object, ...]] = [
            (f.name, _kind(f), _default(f), f"{f.title}. {f.hint}".strip()) for f in form.fields
        ]
        text = (
            f"{form.title}. {form.help}\n\n"
            f"{table(('setting', 'holds', 'default', 'meaning'), settings)}\n\n"
            f"- {kind}: {{{', '.join(_example(f) for f in form.fields if not f.optional)}}}"
        )
    chosen = STEPS if kind is None else {StepKind(kind): STEPS[StepKind(kind)]}
    value = [
        {"step": k.value, "changes_rows": k.is_table_step, "title": f.title, "help": f.help}
        | {"settings": f.fields}
        for k, f in chosen.items()
    ]
    answer(as_json, value, text)


def _steps(session: Session, ref: str) -> tuple[Step, ...]:
    path = Path(ref)
    if path.suffix.lower() in _FILES:
        return recipe_files.read(path).steps
    return recipes.get(session.store, ref).steps


def _answer_made(session: Session, made: DatasetVersion, as_json: bool) -> None:
    detail = made.source.detail
    text = (
        f"{made.ref}: {made.rows:,} of {detail['rows_before']:,} rows, "
        f"{len(made.columns)} columns, by {made.recipe} from {detail['parent']}, "
        f"{made.stored_bytes:,} bytes added"
    )
    value = summary(made) | {"recipe": made.recipe, "derived_from": detail["parent"]}
    lines = [text, *warning_lines(made.warnings), *checks_of(session, made, value)]
    answer(as_json, value, "\n".join(lines))


def _summary(found: RecipeVersion) -> dict[str, object]:
    return {
        "recipe": found.recipe,
        "version": found.version,
        "steps": len(found.steps),
        "note": found.note,
        "by": found.by,
        "created_at": found.created_at,
    }


def _kind(field: SettingField) -> str:
    return " | ".join(field.choices) if field.choices else field.kind.value.replace("_", " ")


def _example(field: SettingField) -> str:
    """A needed setting as it stands in YAML."""
    value = {
        FieldKind.COLUMNS: "[COLUMN, COLUMN]",
        FieldKind.VALUES: "{OLD: NEW, OLD: NEW}",
        FieldKind.NUMBERS: "[0, 10, 20]",
        FieldKind.EXPRESSION: '"COLUMN > 0"' if field.name == "where" else '"COLUMN / COLUMN"',
        FieldKind.CHOICES: f"[{', '.join(field.choices)}]",
        FieldKind.CHOICE: " | ".join(field.choices),
    }.get(field.kind, field.kind.value.upper())
    return f"{field.name}: {value}"


def _default(field: SettingField) -> str:
    if not field.optional:
        return "(needed)"
    return "" if field.default in (None, ()) else str(field.default)
