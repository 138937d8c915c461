"""Lineage both ways: what anything came from, and all that came from it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mlops_desktop.actions import datasets, deployments, models, runs
from mlops_desktop.blobs import modelfiles
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.lineage import Graph, Kind, Node, reached
from mlops_desktop.core.runs import METRICS, Run
from mlops_desktop.store import datasets as dataset_rows
from mlops_desktop.store import deployments as deployment_rows
from mlops_desktop.store import lineage as rows
from mlops_desktop.store import models as model_rows
from mlops_desktop.store import runs as run_rows

if TYPE_CHECKING:
    from mlops_desktop.core.datasets import DatasetVersion
    from mlops_desktop.store.store import Store

_SHOWN_RUNS = 1  # Of one version, unregistered ones; more are one box.
_PREFIXES = {
    "data": Kind.DATA,
    "file": Kind.FILE,
    "recipe": Kind.RECIPE,
    "run": Kind.RUN,
    "model": Kind.MODEL,
    "deployment": Kind.DEPLOYMENT,
}


def graph(store: Store, name: str) -> Graph:
    """What the named thing came from and what came from it.

    name: `data:bike@3`, `model:demand@2`, `run:7`, `deployment:demand`, `recipe:clean@1` or
    `file:PATH` (a path, its end, or its SHA-256). Without the prefix it must be one of them only.
    Raises NotFound, UserError.
    """
    focus = _focus(store, name.strip())
    edges = rows.edges(store)
    wanted = reached(focus, edges) | reached(focus, [(b, a) for a, b in edges])
    edges = [(a, b) for a, b in dict.fromkeys(edges) if a in wanted and b in wanted]
    keys = _in_order(wanted, edges)
    keys, edges, counts = _gathered(keys, edges, set(focus))
    nodes = tuple(_node(store, key, counts.get(key, 1)) for key in keys)
    return Graph(nodes, tuple(edges), frozenset(focus))


def _focus(store: Store, name: str) -> list[str]:
    prefix, colon, rest = name.partition(":")
    if colon and prefix in _PREFIXES and rest:
        return _keys(store, _PREFIXES[prefix], rest.strip())
    if name.startswith("run ") and name[4:].isdigit():
        return _keys(store, Kind.RUN, name[4:])
    found: dict[str, list[str]] = {}
    missing: NotFound | None = None
    for prefix, kind in _PREFIXES.items():
        if kind is Kind.RUN:
            continue
        try:
            found[prefix] = _keys(store, kind, name)
        except NotFound as error:
            missing = missing or error
    if len(found) > 1:
        raise UserError(
            f"{name!r} may be several things.",
            hint=f"Write {' or '.join(f'{prefix}:{name}' for prefix in found)}.",
        )
    if not found:
        assert missing is not None
        raise NotFound(
            f"There is nothing called {name!r}.",
            hint="Name a dataset version (bike@3), a model version (demand@2), run:7, a "
            "deployment, a recipe or a file.",
        ) from missing
    return next(iter(found.values()))


def _keys(store: Store, kind: Kind, name: str) -> list[str]:
    """The keys of what is called so. Raises NotFound."""
    match kind:
        case Kind.DATA:
            return [f"data:{datasets.get_version(store, name).id}"]
        case Kind.MODEL:
            return [f"model:{models.get_version(store, name).id}"]
        case Kind.RUN:
            if not name.isdigit():
                raise NotFound(f"{name!r} is no number of a run.", hint="Write run:7.")
            return [f"run:{runs.get_run(store, int(name)).id}"]
        case Kind.DEPLOYMENT:
            return [f"deployment:{deployments.get_deployment(store, name).id}"]
        case Kind.RECIPE:
            ref = Ref.parse(name)
            found = rows.of_recipe(store, ref.name, ref.version)
            if not found and rows.recipe_exists(store, ref.name):
                raise UserError(
                    f"The recipe {name!r} was not applied yet.", hint="Nothing came from it."
                )
        case _:
            found = rows.of_file(store, name)
    if not found:
        raise NotFound(f"No version came from a {kind} called {name!r}.")
    return found


def _in_order(keys: set[str], edges: list[tuple[str, str]]) -> list[str]:
    """Each after what it came from; else as they came to be."""
    arriving: dict[str, int] = defaultdict(int)
    following: dict[str, list[str]] = defaultdict(list)
    for before, after in edges:
        arriving[after] += 1
        following[before].append(after)
    kinds = list(_PREFIXES)

    def age(key: str) -> tuple[int, int]:
        kind, _, number = key.partition(":")
        return (int(number), kinds.index(kind))

    waiting = sorted((key for key in keys if not arriving[key]), key=age, reverse=True)
    order = []
    while waiting:
        key = waiting.pop()
        order.append(key)
        ready = []
        for after in following[key]:
            arriving[after] -= 1
            if not arriving[after]:
                ready.append(after)
        waiting += sorted(ready, key=age, reverse=True)
    return order


def _gathered(
    keys: list[str], edges: list[tuple[str, str]], focus: set[str]
) -> tuple[list[str], list[tuple[str, str]], dict[str, int]]:
    """Many unregistered runs of one version become one box, `runs:<version id>`."""
    leading = {before for before, _ in edges}
    lone: dict[str, list[str]] = defaultdict(list)
    for before, after in edges:
        if after.startswith("run:") and after not in leading and after not in focus:
            lone[before].append(after)
    hidden = {
        run: f"runs:{data.partition(':')[2]}"
        for data, found in lone.items()
        if len(found) > _SHOWN_RUNS
        for run in found
    }
    counts: dict[str, int] = defaultdict(int)
    for box in hidden.values():
        counts[box] += 1
    return (
        list(dict.fromkeys(hidden.get(key, key) for key in keys)),
        list(dict.fromkeys((a, hidden.get(b, b)) for a, b in edges)),
        counts,
    )


def _node(store: Store, key: str, count: int) -> Node:
    kind, _, number = key.partition(":")
    match kind:
        case "file":
            return _file(key, dataset_rows.by_id(store, int(number)))
        case "data":
            return _data(key, dataset_rows.by_id(store, int(number)))
        case "recipe":
            version = dataset_rows.by_id(store, int(number))
            made = f"made {version.ref}"
            ref = "" if version.deleted_at else version.ref
            return Node(key, Kind.RECIPE, version.recipe, made, at=version.created_at, ref=ref)
        case "run":
            return _run(key, run_rows.get(store, int(number)))
        case "runs":
            return Node(key, Kind.RUN, f"{count} runs", "not registered as models", count=count)
        case "model":
            model = model_rows.get(store, int(number))
            value = f"{METRICS[model.metric].title} {model.value:.4g}"
            sha256 = model.files.get(modelfiles.ONNX) or model.files.get(modelfiles.SKOPS, "")
            said = ", ".join([*model.aliases, model.state.value, value])
            return Node(key, Kind.MODEL, model.ref, said, sha256, model.created_at, ref=model.ref)
        case _:
            served = deployment_rows.get(store, int(number))
            return Node(
                key,
                Kind.DEPLOYMENT,
                served.name,
                f"{served.state} {served.url}".strip(),
                at=served.started_at or served.created_at,
                ref=served.name,
            )


def _file(key: str, version: DatasetVersion) -> Node:
    source = version.source
    return Node(
        key,
        Kind.FILE,
        source.path,
        f"{source.bytes:,} bytes",
        source.sha256,
        version.created_at,
        version.by,
    )


def _data(key: str, version: DatasetVersion) -> Node:
    said = f"{version.rows:,} rows, {len(version.columns)} columns"
    if version.deleted_at:
        said = "deleted" if version.purged_at else "in the bin"
    elif version.tags:
        said = f"{', '.join(version.tags)}, {said}"
    return Node(
        key,
        Kind.DATA,
        version.ref,
        said,
        version.content_hash,
        version.created_at,
        version.by,
        ref="" if version.deleted_at else version.ref,
        gone=version.deleted_at is not None,
    )


def _run(key: str, run: Run) -> Node:
    result = run.state.value
    if run.metric and run.value is not None:
        result = f"{METRICS[run.metric].title} {run.value:.4g}"
    said = f"{run.algorithm.title}, target {run.spec.target}, {result}"
    return Node(key, Kind.RUN, run.title, said, at=run.ended_at or run.created_at, ref=str(run.id))
