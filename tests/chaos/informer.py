"""A client that lists once and then only watches, over all crashes: each change once and in order, or 410."""

from __future__ import annotations

import json

from tests.scenario.running import Api, Lost


class Informer:
    """`objects` is what the events so far add up to: name to resourceVersion."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.objects: dict[str, int] = {}
        self.seen = 0
        self.relisted = 0

    def list(self, api: Api) -> None:
        answer = api.do("GET", self.path)
        version = int(answer["metadata"]["resourceVersion"])
        assert version >= self.seen, f"{self.path}: resourceVersions went back from {self.seen} to {version}"
        self.seen = version
        self.objects = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in answer["items"]}

    def follow(self, api: Api, seconds: int) -> None:
        """Takes in events until the watch ends or the server dies."""
        if not self.seen:
            self.list(api)
        connection = api.connect()
        try:
            query = f"?watch=1&resourceVersion={self.seen}&timeoutSeconds={seconds}"
            connection.request("GET", self.path + query)
            response = connection.getresponse()
            expired = response.status == 410
            while not expired and (line := response.readline()):
                if not line.endswith(b"\n"):
                    raise Lost
                event = json.loads(line)
                expired = event["type"] == "ERROR" and event["object"]["code"] == 410
                if not expired:
                    self._take(event["type"], event["object"]["metadata"])
        except OSError as error:
            raise Lost from error
        finally:
            connection.close()
        if expired:
            self.relisted += 1
            self.list(api)

    def _take(self, kind: str, metadata: dict[str, str]) -> None:
        name, version = metadata["name"], int(metadata["resourceVersion"])
        assert version > self.seen, f"{self.path}: {kind} {name} at {version} after {self.seen}"
        assert (kind == "ADDED") == (name not in self.objects), f"{self.path}: {kind} {name}, known: {self.objects}"
        self.seen = version
        if kind == "DELETED":
            del self.objects[name]
        else:
            self.objects[name] = version

    def agree(self, api: Api) -> None:
        """After a quiet moment the events add up to what a list shows."""
        self.follow(api, 1)
        mine = dict(self.objects)
        self.list(api)
        assert mine == self.objects, f"{self.path}: events gave {mine}, the list has {self.objects}"
