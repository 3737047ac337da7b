"""A real `clew serve --tls` on a copy of the prepared data directory, and what was put into it, read with plain json."""

import json
import os
import pathlib
import queue
import re
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEMPLATE = pathlib.Path(os.environ.get("CLEW_TEMPLATE", ""))
BINARY = os.environ.get("CLEW_BIN", "clew")

# What Microsoft's samples name when nobody says otherwise.
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = "default"
WORKSPACE = "default"
# The subscription of data/defender_alerts.json and of the posture files.
DEFENDER_SUBSCRIPTION = "0b5e7f3a-1d2c-4e6f-8a90-1b2c3d4e5f60"

SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{WORKSPACE}"
INSIGHTS = f"{SCOPE}/providers/Microsoft.SecurityInsights"


class Server:
    """One server process; `url` is its address, `token` the administrator's key, `settings` an `access.toml`."""

    def __init__(self, settings=None):
        self.folder = tempfile.mkdtemp(prefix="clew-clients-")
        data = os.path.join(self.folder, "data")
        shutil.copytree(TEMPLATE / "data", data)
        if settings:
            (pathlib.Path(data) / "access.toml").write_text(settings, encoding="utf-8")
        self.token = (TEMPLATE / "token").read_text().strip()
        self.log = os.path.join(self.folder, "log")
        command = [BINARY, "serve", "--tls", "--data", data, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.url = self._address()
        self._await_ready()

    def _await_ready(self):
        """Until the journal is read; a bound, not a pause."""
        trusted = ssl.create_default_context(cafile=TEMPLATE / "data/tls/ca.pem")
        until = time.monotonic() + 300
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/v1/ready", context=trusted, timeout=10):
                    return
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def _address(self):
        """What the server says it listens at; everything that it says is kept in the log."""
        found = queue.Queue()

        def read():
            with open(self.log, "w", encoding="utf-8") as log:
                for line in self.process.stdout:
                    log.write(line)
                    log.flush()
                    found.put(re.search(r"listens at https://\S+?:(\d+)", line))
            found.put(None)

        threading.Thread(target=read, daemon=True).start()
        until = time.monotonic() + 300
        while self.process.poll() is None or not found.empty():
            port = found.get(timeout=max(0.1, until - time.monotonic()))
            if port:
                # The certificate names localhost as well as the address; people write the name.
                return f"https://localhost:{port[1]}"
        raise RuntimeError(f"clew ended before it listened: {pathlib.Path(self.log).read_text(encoding='utf-8')}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)


class StaticCredential:
    """A bearer token that somebody was given."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **options):
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, int(time.time()) + 3600)

    def close(self):
        pass


def lines(name):
    with open(ROOT / "data" / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def values(name):
    with open(ROOT / "data" / name, encoding="utf-8") as file:
        return json.load(file)["value"]


INCIDENTS = lines("incidents.jsonl")
ALERTS = {alert["SystemAlertId"]: alert for alert in lines("alerts.jsonl")}
DEFENDER_ALERTS = values("defender_alerts.json")


def incident(number):
    """The row of data/incidents.jsonl with this number."""
    return next(row for row in INCIDENTS if row["IncidentNumber"] == number)


def owner(row):
    """Mail of the owner, or None."""
    return row["Owner"]["email"]


def labels(row):
    return [label["labelName"] for label in row["Labels"]]


def alerts_of(row):
    return [ALERTS[name] for name in row["AlertIds"]]


def entities_of(rows):
    """Distinct entities of alerts by REST kind, by what people know them by."""
    found = {}
    for row in rows:
        for entity in json.loads(row["Entities"]):
            kind, key = {
                "account": lambda e: ("Account", f"{e['Name']}@{e['UPNSuffix']}"),
                "host": lambda e: ("Host", e["HostName"]),
                "ip": lambda e: ("Ip", e["Address"]),
                "url": lambda e: ("Url", e["Url"]),
                "process": lambda e: ("Process", e["CommandLine"]),
                "file": lambda e: ("File", e["Name"]),
            }[entity["Type"]](entity)
            found.setdefault(kind, set()).add(key.lower())
    return found
