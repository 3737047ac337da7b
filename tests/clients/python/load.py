"""Readers and writers at once: no change is lost, and how long reading takes. Needs nothing but Python.

    CLEW_BIN=target/release/clew python3 tests/clients/python/load.py                                     # 64 clients, 20 s, 2,000 incidents
    CLEW_BIN=... python3 tests/clients/python/load.py --incidents 100000 --seconds 600 --updates 2.8 --queries 200     # a SOC's day, shortened

Every writer adds one to a number in an incident's description, of the version that it read (`If-Match`), and tries again when somebody was
quicker; at the end the numbers have to be as many as the changes that were acknowledged. Exit 1 when one is missing, or when a bound is passed.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

BINARY = os.environ.get("CLEW_BIN", "clew")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--incidents", type=int, default=2_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--writers", type=int, default=16, help="how many of the clients write")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--updates", type=float, help="changes per second of all writers; default: as many as they can")
    parser.add_argument("--queries", type=float, help="questions per second of all readers; default: as many as they can")
    parser.add_argument("--p99", type=float, help="most milliseconds that 99 of 100 incidents may take")
    parser.add_argument("--growth", type=float, help="most MiB that memory may grow over the second half")
    parser.add_argument("--data", help="an existing data directory; it is changed")
    return parser.parse_args()


class Connection:
    """One kept connection; `ask` gives status and body."""

    def __init__(self, port):
        self.port = port

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, method, path, body=None, **headers):
        payload = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Content-Length: {len(payload)}"]
        if body is not None:
            head.append("Content-Type: application/json")
        head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*head, "", ""]).encode() + payload)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), None)
        if length is not None:
            return int(lines[0].split()[1]), await self.reader.readexactly(length)
        parts = []
        while size := int(await self.reader.readline(), 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return int(lines[0].split()[1]), b"".join(parts)


class Pace:
    """Lets so many through per second, or all."""

    def __init__(self, rate):
        self.gap = 1 / rate if rate else 0
        self.next = time.monotonic()

    async def turn(self):
        if self.gap:
            self.next = max(self.next + self.gap, time.monotonic() - 1)
            await asyncio.sleep(max(0, self.next - time.monotonic()))


QUESTIONS = [
    ("GET", "/v1/incidents?status=open&limit=50", None),
    ("GET", "/v1/alerts?severity=High&limit=50", None),
    ("GET", "/v1/search?q=sign-in&limit=20", None),
    ("POST", "/v1/query", {"text": "SecurityAlert | summarize count() by AlertSeverity"}),
]


async def read(connection, ids, until, pace, took, chance, mixed):
    while time.monotonic() < until:
        await pace.turn()
        if mixed and chance.random() < 0.2:
            method, path, body = chance.choice(QUESTIONS)
            status, _ = await connection.ask(method, path, body)
            took["questions"] += 1
        else:
            started = time.perf_counter()
            status, _ = await connection.ask("GET", f"/v1/incidents/{chance.choice(ids)}")
            took["gets"].append(time.perf_counter() - started)
        if status != 200:
            took["refused"] += 1


async def write(connection, ids, until, pace, done, chance):
    while time.monotonic() < until:
        await pace.turn()
        one = chance.choice(ids)
        while True:
            _, body = await connection.ask("GET", f"/v1/incidents/{one}")
            seen = json.loads(body)
            change = {"description": str(counted(seen) + 1)}
            status, body = await connection.ask("PATCH", f"/v1/incidents/{one}", change, If_Match=seen["etag"])
            if status == 200:
                done[one] = done.get(one, 0) + 1
                break
            if status not in (409, 412, 429, 503):
                raise RuntimeError(f"a change was refused with {status}: {body[:300]!r}")
            done["again"] = done.get("again", 0) + 1


def counted(incident):
    """The number that an incident's description holds; 0 before the first change."""
    return int(incident["description"]) if incident["description"].isdigit() else 0


async def held(connection, one):
    return counted(json.loads((await connection.ask("GET", f"/v1/incidents/{one}"))[1]))


async def watch(pid, until, seen):
    while time.monotonic() < until:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            kib = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
        seen.append((time.monotonic(), kib / 1024))
        await asyncio.sleep(1)


def share(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000 if ordered else float("nan")


async def drive(options, port, pid):
    first = Connection(port)
    await first.open()
    while (await first.ask("GET", "/v1/ready"))[0] != 200:
        await asyncio.sleep(0.1)
    page = json.loads((await first.ask("GET", "/v1/incidents?limit=10000&sort=number"))[1])
    ids = [row["id"] for row in page["value"]]
    contested = ids[:8]
    begun = {one: await held(first, one) for one in contested}
    connections = [Connection(port) for _ in range(options.clients)]
    for connection in connections:
        await connection.open()
    until = time.monotonic() + options.seconds
    took, done, memory = {"gets": [], "questions": 0, "refused": 0}, {}, []
    reading, writing = Pace(options.queries), Pace(options.updates)
    work = [watch(pid, until, memory)]
    for number, connection in enumerate(connections):
        chance = random.Random(number)
        if number < options.writers:
            work.append(write(connection, contested, until, writing, done, chance))
        else:
            work.append(read(connection, ids, until, reading, took, chance, options.queries is not None))
    await asyncio.gather(*work)

    # The first connection was idle for longer than the server keeps one.
    await first.open()
    failed = []
    again = done.pop("again", 0)
    for one, count in done.items():
        found = await held(first, one) - begun[one]
        if found != count:
            failed.append(f"incident {one}: {count} changes were acknowledged, {found} are there")
    changes, gets = sum(done.values()), took["gets"]
    print(f"changes {changes} ({changes / options.seconds:.1f}/s), {again} made again because somebody was quicker; lost {len(failed)}")
    print(f"incident get: {len(gets)} ({len(gets) / options.seconds:.0f}/s), p50 {share(gets, 0.5):.1f} ms, p99 {share(gets, 0.99):.1f} ms")
    print(f"questions {took['questions']}, refused {took['refused']}")
    if took["refused"]:
        failed.append(f"{took['refused']} questions were refused")
    half = [mib for when, mib in memory if when > until - options.seconds / 2]
    print(f"memory: {memory[0][1]:.0f} MiB at first, {half[0]:.0f} at half time, {memory[-1][1]:.0f} at last")
    if options.p99 and share(gets, 0.99) > options.p99:
        failed.append(f"p99 of incident get is above {options.p99} ms")
    if options.growth is not None and memory[-1][1] - half[0] > options.growth:
        failed.append(f"memory grew by more than {options.growth} MiB in the second half")
    if not changes or not gets:
        failed.append("nothing was changed or read")
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


def main():
    options = arguments()
    folder = tempfile.mkdtemp(prefix="clew-load-")
    data = options.data or os.path.join(folder, "data")
    try:
        if not options.data:
            made = os.path.join(folder, "made")
            subprocess.run([BINARY, "generate", made, "--incidents", str(options.incidents)], check=True, stdout=subprocess.DEVNULL)
            files = sorted(os.path.join(made, name) for name in os.listdir(made) if name.endswith(".jsonl"))
            subprocess.run([BINARY, "ingest", *files, "--data", data], check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen(
            [BINARY, "serve", "--data", data, "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        try:
            for line in server.stderr:
                if "listens at http://" in line:
                    port = int(line.rsplit(":", 1)[1].split("/")[0])
                    break
            # What the server goes on to say is read away, or it would stand still.
            return asyncio.run(with_drain(server, drive(options, port, server.pid)))
        finally:
            server.terminate()
            server.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def with_drain(server, work):
    drain = asyncio.get_running_loop().run_in_executor(None, lambda: [None for _ in server.stderr])
    try:
        return await work
    finally:
        server.terminate()
        await drain


if __name__ == "__main__":
    sys.exit(main())
