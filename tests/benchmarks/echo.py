"""The yardstick: a bare Starlette and orjson echo on the same uvicorn settings as our server.

It parses the same body and answers with it; no checks, no model, no record.
"""

from __future__ import annotations

import sys

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlops_desktop.child.serve import SETTINGS


async def echo(request: Request) -> Response:
    value = orjson.loads(await request.body())
    return Response(orjson.dumps(value), media_type="application/json")


app = Starlette(routes=[Route("/invocations", echo, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), **SETTINGS)
