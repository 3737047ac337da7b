#!/usr/bin/env python3
"""Asks clew and PostgreSQL the same questions about one graph, each over one loopback connection, and prints the times and their ratio.

    clew generate --incidents 20000 --events 500000 made && clew ingest --data DIR made/*.jsonl
    clew serve --data DIR --listen 127.0.0.1:8080 &
    python3 -m venv venv && venv/bin/pip install 'psycopg[binary]'
    venv/bin/python benches/postgres.py --url http://127.0.0.1:8080

Without --dsn a throw-away PostgreSQL is made from the programs that are on this machine (as the user `postgres` when root asks, since the server refuses
root). Its tables are filled from clew's own answers (`Relations`, `Alerts`, `Incidents`), so both hold one graph: adjacency both ways in a table whose
covering indexes answer a neighbourhood or a timeline from the index alone, full text in a GIN index, everything analysed, in memory, statements prepared.

An operation is asked for the same nodes on both sides, 70 % drawn by degree, 20 % evenly, 10 % hubs; each side's answer is turned into Python objects.
Where an operation has one right answer the two are compared (`same`); two-hop walks and similar incidents are cut and scored in each engine's own way.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

import psycopg

SCHEMA = """
CREATE TABLE node (id int PRIMARY KEY, ref text UNIQUE, kind text, label text, severity text, status text, product text, starts timestamptz, degree int);
CREATE TABLE edge (a int, b int, relation text, forward bool, first timestamptz, last timestamptz, count int, other text);
CREATE TABLE incident (id int PRIMARY KEY, number int, title text, severity text, status text, owner text, tags text, products text, tactics text,
                       active timestamptz, words tsvector);
CREATE TABLE member (incident int, alert int, PRIMARY KEY (incident, alert)) ;
CREATE TABLE touched (node int, alert int, starts timestamptz, PRIMARY KEY (node, starts, alert));
"""

INDEXES = """
CREATE INDEX edge_newest ON edge (a, last DESC NULLS LAST) INCLUDE (b, relation, forward, first, count, other);
CREATE INDEX member_alert ON member (alert) INCLUDE (incident);
CREATE INDEX incident_words ON incident USING gin (words);
CREATE INDEX incident_queue ON incident (severity, status, active DESC);
"""

NEIGHBORS = """
SELECT n.ref, n.kind, n.label, n.severity, n.status, e.relation, e.forward, e.first, e.last, e.count
FROM (SELECT * FROM edge WHERE a = %s ORDER BY last DESC NULLS LAST LIMIT 100) e JOIN node n ON n.id = e.b
"""

# The 50 newest edges of the node, and the 50 newest of each node behind them that is no hub.
HOP2 = """
WITH one AS (SELECT b FROM edge WHERE a = %s ORDER BY last DESC NULLS LAST LIMIT 50),
     two AS (SELECT f.b FROM (SELECT DISTINCT b FROM one) o JOIN node n ON n.id = o.b AND n.degree <= 1000,
             LATERAL (SELECT b FROM edge WHERE a = o.b ORDER BY last DESC NULLS LAST LIMIT 50) f)
SELECT n.ref, n.kind, n.label, n.degree FROM (SELECT b FROM one UNION SELECT b FROM two) s JOIN node n ON n.id = s.b
"""

RELATED = """
SELECT i.number, i.title, i.severity, i.status, i.owner, i.active FROM
  (SELECT DISTINCT m.incident FROM touched t JOIN member m ON m.alert = t.alert WHERE t.node = %s) s JOIN incident i ON i.id = s.incident
ORDER BY i.active DESC LIMIT 20
"""

SIMILAR = """
WITH mine AS (SELECT DISTINCT e.b AS node, n.degree FROM member m JOIN edge e ON e.a = m.alert AND e.relation = 'involves' JOIN node n ON n.id = e.b
              WHERE m.incident = %(id)s AND n.degree <= 1000),
     shared AS (SELECT DISTINCT k.incident, mine.node, mine.degree FROM mine JOIN touched t ON t.node = mine.node JOIN member k ON k.alert = t.alert
                WHERE k.incident <> %(id)s)
SELECT i.number, i.title, i.severity, i.status, s.score FROM
  (SELECT incident, sum(1.0 / ln(2.0 + degree)) AS score FROM shared GROUP BY incident ORDER BY score DESC LIMIT 20) s JOIN incident i ON i.id = s.incident
"""

# Both ends at once, a level of the smaller side at a time: what BloodHound does with its graph in PostgreSQL.
PATH = """
CREATE FUNCTION distance(x int, y int, hops int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE near int[] := ARRAY[x]; far int[] := ARRAY[y]; seen_near int[] := ARRAY[x]; seen_far int[] := ARRAY[y]; fresh int[]; steps int := 0;
BEGIN
  IF x = y THEN RETURN 0; END IF;
  WHILE steps < hops AND cardinality(near) > 0 AND cardinality(far) > 0 LOOP
    steps := steps + 1;
    IF cardinality(near) <= cardinality(far) THEN
      SELECT coalesce(array_agg(DISTINCT e.b), '{}') INTO fresh FROM unnest(near) s(id) JOIN edge e ON e.a = s.id;
      IF fresh && seen_far THEN RETURN steps; END IF;
      SELECT coalesce(array_agg(f.id), '{}') INTO near FROM
        (SELECT id FROM unnest(fresh) g(id) EXCEPT SELECT id FROM unnest(seen_near) h(id)) f JOIN node n ON n.id = f.id AND n.degree <= 1000;
      seen_near := seen_near || near;
    ELSE
      SELECT coalesce(array_agg(DISTINCT e.b), '{}') INTO fresh FROM unnest(far) s(id) JOIN edge e ON e.a = s.id;
      IF fresh && seen_near THEN RETURN steps; END IF;
      SELECT coalesce(array_agg(f.id), '{}') INTO far FROM
        (SELECT id FROM unnest(fresh) g(id) EXCEPT SELECT id FROM unnest(seen_far) h(id)) f JOIN node n ON n.id = f.id AND n.degree <= 1000;
      seen_far := seen_far || far;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
"""

# A page as it is shown, and how many there are in all.
PAGE = """
SELECT p.starts, n.ref, n.label, n.severity, n.product, (SELECT count(*) FROM touched WHERE node = %(id)s) FROM
  (SELECT starts, alert FROM touched WHERE node = %(id)s ORDER BY starts, alert LIMIT 100) p JOIN node n ON n.id = p.alert ORDER BY p.starts, p.alert
"""

WORDS = """
WITH hit AS MATERIALIZED (SELECT id, severity, status, ts_rank(words, q) AS rank FROM incident, plainto_tsquery('simple', %(words)s) q WHERE words @@ q)
SELECT (SELECT count(*) FROM hit), (SELECT json_object_agg(severity, n) FROM (SELECT severity, count(*) n FROM hit GROUP BY 1) s),
       (SELECT json_object_agg(status, n) FROM (SELECT status, count(*) n FROM hit GROUP BY 1) s),
       (SELECT json_agg(row_to_json(r)) FROM (SELECT i.* FROM (SELECT id, rank FROM hit ORDER BY rank DESC, id LIMIT 20) h JOIN incident i USING (id)) r)
"""

QUEUE = """
WITH hit AS MATERIALIZED (SELECT id, severity, status, owner, active FROM incident WHERE severity = %(severity)s AND status = %(status)s)
SELECT (SELECT count(*) FROM hit), (SELECT json_object_agg(coalesce(owner, ''), n) FROM (SELECT owner, count(*) n FROM hit GROUP BY 1) s),
       (SELECT json_agg(row_to_json(r)) FROM (SELECT i.* FROM (SELECT id, active FROM hit ORDER BY active DESC, id LIMIT 20) h JOIN incident i USING (id)) r)
"""


class Clew:
    """One keep-alive connection that does no more than HTTP asks for."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port or 80))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method, path, body=b""):
        head = f"{method} {path} HTTP/1.1\r\nhost: {self.host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.receive()
        fields = dict(line.split(b": ", 1) for line in data[:end].lower().split(b"\r\n")[1:])
        parts = [data[end + 4 :]]
        if b"content-length" in fields:
            missing = int(fields[b"content-length"]) - len(parts[0])
            while missing > 0:
                parts.append(self.receive())
                missing -= len(parts[-1])
        else:
            parts = [self.chunks(b"".join(parts))]
        answer = json.loads(b"".join(parts))
        if not data.startswith(b"HTTP/1.1 2"):
            raise SystemExit(f"{method} {path}: {answer}")
        return answer

    def receive(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise SystemExit("clew closed the connection")
        return data

    def chunks(self, data):
        whole = []
        while True:
            while b"\r\n" not in data:
                data += self.receive()
            size, data = data.split(b"\r\n", 1)
            size = int(size, 16)
            while len(data) < size + 2:
                data += self.receive()
            whole.append(data[:size])
            data = data[size + 2 :]
            if size == 0:
                return b"".join(whole)

    def get(self, path, **parameters):
        pairs = [(name, one) for name, value in parameters.items() for one in (value if isinstance(value, list) else [value])]
        return self.send("GET", f"{path}?{urllib.parse.urlencode(pairs)}")

    def rows(self, columns, table):
        """All rows of a table, in pages of the order of its first three columns; a page ends before rows that may go on in the next one."""
        names = columns.split(", ")[:3]
        rows, behind = [], ""
        while True:
            text = f"SELECT {columns} FROM {table} {behind} ORDER BY 1, 2, 3 LIMIT 50000"
            answer = self.send("POST", "/v1/query", json.dumps({"text": text, "lang": "sql", "limit": 1_000_000}).encode())
            if not answer["complete"]:
                raise SystemExit(f"{text}: cut by {answer['cut']}")
            page = answer["rows"]
            if len(page) < 50_000:
                return rows + page
            last = page[-1][:3]
            rows += (row for row in page if row[:3] != last)
            (a, x), (b, y), (c, z) = ((name, "'" + str(value).replace("'", "''") + "'") for name, value in zip(names, last))
            behind = f"WHERE {a} > {x} OR ({a} = {x} AND ({b} > {y} OR ({b} = {y} AND {c} >= {z})))"


@contextlib.contextmanager
def server(dsn):
    """The address of a PostgreSQL: the one that was named, or one of our own that is gone afterwards."""
    if dsn:
        yield dsn
        return
    found = shutil.which("initdb") or next(map(str, sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)
    if not found:
        raise SystemExit("no PostgreSQL on this machine: install it, or give --dsn")
    programs = pathlib.Path(found).resolve().parent
    with tempfile.TemporaryDirectory(prefix="clew-postgres-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        run = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            run = ["runuser", "-u", "postgres", "--"]
        data = f"{folder}/data"
        subprocess.run([*run, programs / "initdb", "-D", data, "-U", "bench", "-A", "trust", "--no-sync"], check=True, stdout=subprocess.DEVNULL)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=2GB -c work_mem=64MB -c random_page_cost=1.1 -c jit=off"
        subprocess.run([*run, programs / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start"], check=True, stdout=subprocess.DEVNULL)
        try:
            yield f"host=127.0.0.1 port={port} user=bench dbname=postgres"
        finally:
            subprocess.run([*run, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)


def fill(clew, postgres):
    """Puts clew's graph into PostgreSQL; gives the nodes with their degrees and the incidents' numbers."""
    ids = {}
    known = {}
    identify = lambda ref: ids.setdefault(ref, len(ids))
    alerts = clew.rows("AlertId, Title, Severity, Status, ProductName, StartTime", "Alerts")
    for alert, title, severity, status, product, starts in alerts:
        known[identify(f"alert:{alert}")] = ("alert", title, severity, status, product, starts)
    for ref, kind, label in clew.rows("EntityId, Kind, Label", "Entities"):
        known[identify(ref)] = (kind, label, None, None, None, None)
    incidents = clew.rows("IncidentId, IncidentNumber, Title, Severity, Status, Owner, Tags, ProductNames, Tactics, LastActivityTime", "Incidents")
    for incident in incidents:
        known[identify(f"incident:{incident[0]}")] = ("incident", incident[2], incident[3], incident[4], incident[7], None)
    relations = clew.rows("SourceId, Relation, TargetId, FirstTime, LastTime, Count", "Relations")
    degree = dict.fromkeys(ids.values(), 0)
    edges = []
    merged = {}
    for source, relation, target, first, last, count in relations:
        old = merged.get((source, relation, target))
        if old:
            first, last, count = min(first or old[0], old[0] or first), max(last or old[1], old[1] or last), count + old[2]
        merged[source, relation, target] = (first, last, count)
    for (source, relation, target), (first, last, count) in merged.items():
        a, b = identify(source), identify(target)
        edges += [(a, b, relation, True, first, last, count, target), (b, a, relation, False, first, last, count, source)]
        degree[a] = degree.get(a, 0) + 1
        degree[b] = degree.get(b, 0) + 1
    with postgres.cursor() as cursor:
        cursor.execute(SCHEMA, prepare=False)
        blank = ("", "", None, None, None, None)
        copy(cursor, "node", ((id, ref, *known.get(id, blank), degree.get(id, 0)) for ref, id in ids.items()))
        copy(cursor, "edge", edges)
        copy(cursor, "incident (id, number, title, severity, status, owner, tags, products, tactics, active)", ((ids[f"incident:{row[0]}"], *row[1:]) for row in incidents))
        cursor.execute("UPDATE incident SET words = to_tsvector('simple', concat_ws(' ', number, title, tags, owner, products))")
        members = {(ids[source], ids[target]) for source, relation, target, *_ in relations if relation == "contains"}
        copy(cursor, "member", members)
        when = {ids[f"alert:{row[0]}"]: row[5] for row in alerts if row[5]}
        touched = {(ids[target], ids[source]) for source, relation, target, *_ in relations if relation == "involves"}
        copy(cursor, "touched", ((node, alert, when[alert]) for node, alert in touched if alert in when))
        cursor.execute(INDEXES, prepare=False)
        cursor.execute(PATH, prepare=False)
    postgres.commit()
    postgres.autocommit = True
    postgres.execute("VACUUM (ANALYZE, FREEZE)", prepare=False)
    entities = [(ref, id, degree[id]) for ref, id in ids.items() if known.get(id, blank)[0] not in ("alert", "incident", "") and degree.get(id)]
    return entities, [(row[1], ids[f"incident:{row[0]}"], row[2], row[3], row[4]) for row in incidents]


def copy(cursor, table, rows):
    with cursor.copy(f"COPY {table} FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


def draw(entities, count, chance):
    """70 % by degree, 20 % evenly, 10 % among the largest."""
    hubs = sorted(entities, key=lambda entity: -entity[2])[:16]
    pick = lambda: chance.choices(entities, weights)[0] if (part := chance.random()) < 0.7 else chance.choice(entities if part < 0.9 else hubs)
    weights = [entity[2] for entity in entities]
    return [pick() for _ in range(count)]


def timed(ask, parameters, rounds):
    """Milliseconds of each question, the best of the rounds, and the first round's answers."""
    best = [float("inf")] * len(parameters)
    answers = []
    for turn in range(rounds + 1):
        for at, parameter in enumerate(parameters):
            begin = time.perf_counter()
            answer = ask(parameter)
            took = (time.perf_counter() - begin) * 1000
            if turn == 0:
                answers.append(answer)
            else:
                best[at] = min(best[at], took)
    return best, answers


def quantile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url", required=True, help="where clew serves")
    arguments.add_argument("--dsn", help="a PostgreSQL whose public schema is empty")
    arguments.add_argument("--parameters", type=int, default=200)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    chance = random.Random(7)
    clew = Clew(given.url)
    with server(given.dsn) as dsn, psycopg.connect(dsn, prepare_threshold=0) as postgres:
        begin = time.perf_counter()
        entities, incidents = fill(clew, postgres)
        print(f"{len(entities):,} entities, {len(incidents):,} incidents; PostgreSQL filled in {time.perf_counter() - begin:.0f} s")
        compare(clew, postgres, draw(entities, given.parameters, chance), chance.sample(incidents, min(given.parameters, len(incidents))), given.rounds, chance)


def compare(clew, postgres, nodes, incidents, rounds, chance):
    ask = lambda sql: lambda *parameters: postgres.execute(sql, *parameters).fetchall()
    neighbors, hop2, related, similar, page = map(ask, (NEIGHBORS, HOP2, RELATED, SIMILAR, PAGE))
    words, queue = ask(WORDS), ask(QUEUE)
    pairs = list(zip(nodes, nodes[1:]))
    terms = [" ".join(chance.sample([word for word in title.split() if word.isalnum()] or ["alert"], 1)) for _, _, title, _, _ in incidents]
    filters = [(severity, status) for _, _, _, severity, status in incidents]
    steps = lambda answer: len(answer["paths"][0]["nodes"]) - 1 if answer.get("paths") else None
    alerts = lambda answer: [datetime.datetime.fromisoformat(item["time"]) for item in answer["value"]]
    ends = lambda answer: {(edge["source"], edge["relation"], edge["target"]) for edge in answer["edges"]}

    def neighbours_agree(ours, theirs, node):
        """The same edges; of more than a page, the newest cannot be told apart where times are equal, so the number has to do."""
        if not ours["complete"]:
            return len(theirs) == 100
        return ends(ours) == {(node, row[5], row[0]) if row[6] else (row[0], row[5], node) for row in theirs}

    operations = [
        ("100 newest neighbours", nodes, lambda n: clew.get("/v1/neighbors", node=n[0], limit=100), lambda n: neighbors((n[1],)), lambda ours, theirs, node: neighbours_agree(ours, theirs, node[0])),
        ("two hops, 50 newest each", nodes, lambda n: clew.get("/v1/neighbors", node=n[0], hops=2, limit=500), lambda n: hop2((n[1],)), None),
        ("20 newest incidents of an entity", nodes, lambda n: clew.get("/v1/incidents", entity=n[0], sort="activity", limit=20), lambda n: related((n[1],)), lambda ours, theirs, _: [row["number"] for row in ours["value"]] == [row[0] for row in theirs]),
        ("20 similar incidents", incidents, lambda i: clew.get(f"/v1/incidents/{i[0]}/similar", limit=20), lambda i: similar({"id": i[1]}), None),
        ("shortest path, 6 hops", pairs, lambda p: clew.get("/v1/paths", a=p[0][0], b=p[1][0], hops=6), lambda p: ask("SELECT distance(%s, %s, 6)")((p[0][1], p[1][1])), lambda ours, theirs, _: steps(ours) == theirs[0][0]),
        ("timeline, first 100 alerts", nodes, lambda n: clew.get("/v1/timeline", of=n[0], kind="alert", limit=100), lambda n: page({"id": n[1]}), lambda ours, theirs, _: alerts(ours) == [row[0] for row in theirs]),
        ("word, 20 hits, 2 facets", terms, lambda t: clew.get("/v1/search", q=t, kind="incident", limit=20, facet=["severity", "status"], highlight="false"), lambda t: words({"words": t}), lambda ours, theirs, _: ours["total"] == theirs[0][0]),
        ("filtered queue with counters", filters, lambda f: clew.get("/v1/incidents", severity=f[0], status=f[1], sort="activity", limit=20), lambda f: queue({"severity": f[0], "status": f[1]}), lambda ours, theirs, _: ours["total"] == theirs[0][0]),
    ]
    print(f"{'operation':34} {'clew p50/p95 ms':>18} {'PostgreSQL p50/p95':>20} {'times faster':>14}  same")
    for name, parameters, ours, theirs, same in operations:
        our_times, our_answers = timed(ours, parameters, rounds)
        their_times, their_answers = timed(theirs, parameters, rounds)
        half, most = ((quantile(our_times, part), quantile(their_times, part)) for part in (0.5, 0.95))
        agree = "" if same is None else f"{sum(map(same, our_answers, their_answers, parameters))}/{len(parameters)}"
        print(f"{name:34} {half[0]:9.3f} {most[0]:8.3f} {half[1]:11.3f} {most[1]:8.3f} {half[1] / half[0]:8.1f} {most[1] / most[0]:5.1f}  {agree}")


if __name__ == "__main__":
    main()
