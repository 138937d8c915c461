"""Rules as YAML files that a person can read, write and keep under version control."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlops_desktop.actions.checks import all_checked
from mlops_desktop.blobs import objects
from mlops_desktop.core.checks import Rule
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.rulebook import from_documents, to_document
from mlops_desktop.core.sentences import plain


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a YAML file. Raises UserError that names the line or the rule at fault."""
    import yaml  # noqa: PLC0415

    try:
        with objects.disk_errors("the file"):
            text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.", hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is not a text file in UTF-8.") from error
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path.name} is not YAML.", why=str(error)) from error
    if isinstance(document, dict):
        document = document.get("rules")
    return all_checked(from_documents(document))


def write_rules(path: Path, some: Sequence[Rule]) -> None:
    """Write rules to a YAML file that a person can read: each below its sentence."""
    text = rules_text(some)
    with objects.disk_errors("the file"):
        path.write_text(text, encoding="utf-8")


def rules_text(some: Sequence[Rule]) -> str:
    """Rules as YAML, each below its sentence."""
    import yaml  # noqa: PLC0415

    class Dumper(yaml.SafeDumper):
        """Lists of names and values stand in one line."""

    def inline(dumper: Dumper, items: list[object]) -> yaml.SequenceNode:
        return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)

    Dumper.add_representer(list, inline)
    lines = ["rules:" if some else "rules: []"]
    for rule in some:
        document = yaml.dump(
            to_document(rule), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=94
        )
        lines += ["", f"  # {' '.join(plain(rule.sentence).split())}"]
        first, *others = document.splitlines()
        lines += [f"  - {first}", *(f"    {line}" for line in others)]
    return "\n".join(lines) + "\n"
