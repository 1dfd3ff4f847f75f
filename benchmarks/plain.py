"""The baselines of HTTP: Litestar alone, under the same server settings as ``trustprop serve``.

Run as ``python benchmarks/plain.py PORT URL``: ``GET /hello`` answers JSON, ``GET /page`` answers HTML,
``POST /one`` reads the same body as an invoice submission and makes one SQL call.
"""

import sys

import asyncpg
import uvicorn
from litestar import Litestar, MediaType, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from trustprop.invoices.model import SubmitInvoice


@get("/hello", sync_to_thread=False)
def hello() -> dict[str, str]:
    return {"hello": "world"}


@get("/page", media_type=MediaType.HTML, sync_to_thread=False)
def page() -> str:
    return "<!doctype html><title>hello</title><p>hello, world"


@post("/one")
async def one(data: JSONBody[SubmitInvoice], state: State) -> dict[str, str]:
    await state.pool.fetchval("SELECT $1::uuid", data.id)
    return {"id": str(data.id)}


def create_app(url: str) -> Litestar:
    async def open_pool(app: Litestar) -> None:
        app.state.pool = await asyncpg.create_pool(url, min_size=8, max_size=8)

    async def close_pool(app: Litestar) -> None:
        await app.state.pool.close()

    return Litestar([hello, page, one], on_startup=[open_pool], on_shutdown=[close_pool])


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_level="warning",
    )
