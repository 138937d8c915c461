"""Recipes as YAML files that people write, read and keep in version control."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_desktop.blobs import objects
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.recipe_documents import (
    RecipeDocument,
    from_document,
    read_step,
    step_document,
)
from mlops_desktop.core.recipes import Step

if TYPE_CHECKING:
    import yaml

_LIMIT = 1 << 20
# The plain values of YAML 1.2: `no` and `off` are words, 1e-5 is a number, 2024-01-01 a text.
_PLAIN = {
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    "int": (r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    "float": (
        r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$",
        "-+.0123456789",
    ),
}


def read(path: Path) -> RecipeDocument:
    """The recipe in a file. Raises UserError that names the line or the step at fault."""
    try:
        with objects.disk_errors("the file"):
            if path.stat().st_size > _LIMIT:
                raise UserError(f"{path.name} is too large for a recipe.", hint="Use 1 MB at most.")
            text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.", hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is not a text file in UTF-8.") from error
    return parse(text, path.name)


def parse(text: str, source: str = "The recipe") -> RecipeDocument:
    """The recipe in a YAML text. source: what errors call it."""
    import yaml  # noqa: PLC0415  Not needed by those who only list.

    loader = _loader()(text)
    try:
        node = loader.get_single_node()
        _check_nodes(node, source)
        document = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        raise UserError(f"{source} is not YAML.", why=_reason(error)) from error
    finally:
        loader.dispose()
    _check_steps(node, document, source)
    return from_document(document)


def text_of(name: str, note: str, steps: Sequence[Step]) -> str:
    """The YAML of a recipe: a line a step."""
    head: dict[str, Any] = {"recipe": name} if name else {}
    if note:
        head["note"] = note
    lines = [_dumped(head)] if head else []
    lines.append("steps:\n" if steps else "steps: []\n")
    for step in steps:
        first, *rest = _dumped([_flowing(step_document(step))]).splitlines(keepends=True)
        lines += [f"  {first}", *(f"  {line}" for line in rest)]
    return "".join(lines)


def write(path: Path, name: str, note: str, steps: Sequence[Step]) -> None:
    """Write a recipe to a YAML file."""
    with objects.disk_errors("the file"):
        path.write_text(text_of(name, note, steps), encoding="utf-8")


def _loader() -> type[yaml.SafeLoader]:
    import yaml  # noqa: PLC0415

    class Loader(yaml.SafeLoader):
        """Plain values only, as YAML 1.2 reads them."""

    Loader.yaml_implicit_resolvers = _resolvers()
    return Loader


def _resolvers() -> dict[str, list[tuple[str, Any]]]:
    import re  # noqa: PLC0415

    found: dict[str, list[tuple[str, Any]]] = {}
    for name, (pattern, firsts) in _PLAIN.items():
        for first in firsts:
            found.setdefault(first, []).append((f"tag:yaml.org,2002:{name}", re.compile(pattern)))
    return found


def _check_nodes(root: yaml.Node | None, source: str) -> None:
    """Refuse what a recipe has no use for: anchors (they can blow up) and keys that come twice."""
    import yaml  # noqa: PLC0415

    seen: set[int] = set()
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        line = node.start_mark.line + 1
        if id(node) in seen and not isinstance(node, yaml.ScalarNode):
            raise UserError(f"Line {line} of {source} is used twice by a * reference.")
        seen.add(id(node))
        if not str(node.tag).startswith("tag:yaml.org,2002:"):
            raise UserError(f"Line {line} of {source} has the tag {node.tag}.", hint="Remove it.")
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            twice = next((key for key in keys if keys.count(key) > 1), None)
            if twice is not None:
                raise UserError(f"{twice!r} comes twice below line {line} of {source}.")
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _check_steps(root: yaml.Node | None, document: Any, source: str) -> None:
    """Raise the error of a step with its line."""
    import yaml  # noqa: PLC0415

    if not isinstance(root, yaml.MappingNode) or not isinstance(document.get("steps"), list):
        return
    nodes = next(value for key, value in root.value if key.value == "steps")
    for number, (node, item) in enumerate(zip(nodes.value, document["steps"], strict=True), 1):
        try:
            read_step(item, number)
        except UserError as error:
            where = f"Line {node.start_mark.line + 1} of {source}."
            raise UserError(
                error.what, why=" ".join(filter(None, (where, error.why))), hint=error.hint
            ) from error


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"Line {mark.line + 1}: {problem}." if mark is not None else str(problem)


class _Word(str):
    """A key that stands without quotes."""

    __slots__ = ()


class _Flow(dict[str, Any]):
    """Settings, which stand in one line."""


def _flowing(document: dict[str, Any]) -> dict[str, Any]:
    return {_Word(k): _Flow(v) if isinstance(v, dict) else v for k, v in document.items()}


def _dumped(value: object) -> str:
    import yaml  # noqa: PLC0415

    quoting = yaml.SafeLoader("")

    class Dumper(yaml.SafeDumper):
        """Quotes what any YAML reader would take for something else than a text."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
            return True

        def represent_text(self, text: str) -> yaml.ScalarNode:
            usual = quoting.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
            style = None if usual.endswith(":str") else "'"
            return self.represent_scalar("tag:yaml.org,2002:str", text, style)

        def represent_word(self, word: _Word) -> yaml.ScalarNode:
            return self.represent_scalar("tag:yaml.org,2002:str", str(word))

        def represent_flow(self, settings: _Flow) -> yaml.MappingNode:
            return self.represent_mapping("tag:yaml.org,2002:map", settings, flow_style=True)

        def represent_number(self, number: float) -> yaml.ScalarNode:
            return self.represent_scalar("tag:yaml.org,2002:float", repr(number))

    Dumper.yaml_implicit_resolvers = _resolvers()
    Dumper.add_representer(str, Dumper.represent_text)
    Dumper.add_representer(_Word, Dumper.represent_word)
    Dumper.add_representer(float, Dumper.represent_number)
    Dumper.add_representer(_Flow, Dumper.represent_flow)
    text = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=96)
    return str(text)
