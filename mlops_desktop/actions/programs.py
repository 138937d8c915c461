"""How a program asks a deployment: lines for a shell and for Python, ready to be copied."""

from __future__ import annotations

import json
import pprint
import shlex
from pathlib import Path

from mlops_desktop.core.deployments import Deployment
from mlops_desktop.paths import Workspace

JSON = "application/json"


def curl(
    workspace: Workspace, deployment: Deployment, path: str, body: object = None, kind: str = JSON
) -> str:
    """A command in a POSIX shell. body: text as it is, anything else as JSON; None asks by GET."""
    token = shlex.quote(str(token_file(workspace, deployment)))
    url = shlex.quote(f"{deployment.url}{path}")
    lines = [f"curl -s {url}", f'  -H "Authorization: Bearer $(cat {token})"']
    if body is not None:
        sent = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=1)
        lines += [f'  -H "Content-Type: {kind}"', f"  --data-binary {shlex.quote(sent)}"]
    return " \\\n".join(lines) + "\n"


def python(
    workspace: Workspace, deployment: Deployment, path: str, body: object = None, kind: str = JSON
) -> str:
    """A program that asks the same; it needs nothing but Python."""
    sent = 'None, {"Authorization": f"Bearer {token}"}'
    given = needs = ""
    if body is not None:
        needs = "" if isinstance(body, str) else "import json\n"
        given = f"body = {pprint.pformat(body, sort_dicts=False, width=88)}\n"
        encoded = "body.encode()" if isinstance(body, str) else "json.dumps(body).encode()"
        sent = f'{encoded}, {{"Authorization": f"Bearer {{token}}", "Content-Type": "{kind}"}}'
    return (
        f"{needs}from pathlib import Path\n"
        "from urllib.request import Request, urlopen\n\n"
        f"token = Path({str(token_file(workspace, deployment))!r}).read_text()\n"
        f"{given}"
        f'request = Request(\n    "{deployment.url}{path}",\n'
        f"    {sent},\n)\n"
        "with urlopen(request) as answer:\n"
        "    print(answer.read().decode())\n"
    )


def token_file(workspace: Workspace, deployment: Deployment) -> Path:
    return workspace.root.absolute() / deployment.token_file
