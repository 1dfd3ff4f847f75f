"""A load generator in a process of its own: raw HTTP/1.1 over kept connections, no parsing it need not do.

Reads a plan as JSON from standard input: host, port, the requests of each client as texts in base64,
how long, and whether they repeat. Writes counts by status and the latencies' percentiles.
"""

import asyncio
import base64
import sys
import time

import msgspec
import uvloop
from msgspec import Struct


class Plan(Struct):
    port: int
    clients: list[list[str]]
    """Requests of each client, whole, in base64; begun again from the first when all were sent."""
    seconds: float
    warm_up_s: float = 0.5


class Told(Struct):
    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]
    first_odd: str = ""


class Client(asyncio.Protocol):
    """One connection with one request under way."""

    def __init__(self) -> None:
        self.buffer = b""
        self.answered: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or self.answered is None:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) >= end + 4 + length:
            answer, self.buffer = self.buffer, b""
            self.answered.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_exception(exc or ConnectionError("closed"))

    async def ask(self, request: bytes) -> bytes:
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answered


async def run(plan: Plan) -> Told:
    latencies: list[float] = []
    statuses: dict[str, int] = {}
    odd = ""
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(Client, "127.0.0.1", plan.port))[1] for _ in plan.clients
    ]
    measured_from = time.perf_counter() + plan.warm_up_s
    until = measured_from + plan.seconds

    async def ask_on(client: Client, requests: list[bytes]) -> None:
        nonlocal odd
        while True:
            for request in requests:
                started = time.perf_counter()
                if started >= until:
                    return
                answer = await client.ask(request)
                ended = time.perf_counter()
                if started >= measured_from and ended <= until:
                    latencies.append(ended - started)
                status = answer[9:12].decode()
                statuses[status] = statuses.get(status, 0) + 1
                if status >= "400" and not odd:
                    odd = answer.decode(errors="replace")[:2000]

    decoded = [[base64.b64decode(one) for one in texts] for texts in plan.clients]
    await asyncio.gather(
        *(ask_on(client, one) for client, one in zip(clients, decoded, strict=True))
    )
    latencies.sort()
    count = len(latencies)
    return Told(
        per_second=count / plan.seconds,
        p50_ms=latencies[count // 2] * 1000,
        p99_ms=latencies[min(count - 1, count * 99 // 100)] * 1000,
        statuses=statuses,
        first_odd=odd,
    )


if __name__ == "__main__":
    told = uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(told))
