"""What users do with package revisions, each as one call; refusals fail the test."""

from __future__ import annotations

from dataclasses import dataclass

from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Json, revision

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  text: {text!r}\n"


def configuration(name: str, text: str = "x") -> str:
    """A file that every render accepts."""
    return CONFIG.format(name=name, text=text)


@dataclass(frozen=True)
class Life:
    """The package revisions of one server."""

    api: Api

    def get(self, name: str) -> Json:
        return self.api.do("GET", f"{REVISIONS}/{name}")

    def files(self, name: str) -> dict[str, str]:
        return dict(self.api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"])

    def create(self, repository: str, package: str, workspace: str, task: Json = None) -> str:
        """Returns the name."""
        body = revision(repository, package, workspace)
        if task:
            body["spec"]["tasks"] = [task]
        return str(self.api.do("POST", REVISIONS, body)["metadata"]["name"])

    def copy(self, repository: str, package: str, workspace: str, source: str) -> str:
        return self.create(repository, package, workspace, {"type": "edit", "edit": {"sourceRef": {"name": source}}})

    def clone(self, repository: str, package: str, workspace: str, source: str) -> str:
        upstream = {"upstreamRef": {"upstreamRef": {"name": source}}}
        return self.create(repository, package, workspace, {"type": "clone", "clone": upstream})

    def upgrade(self, repository: str, package: str, workspace: str, *, old: str, new: str, local: str) -> str:
        names = {"oldUpstreamRef": old, "newUpstreamRef": new, "localPackageRevisionRef": local}
        task = {key: {"name": name} for key, name in names.items()}
        return self.create(repository, package, workspace, {"type": "upgrade", "upgrade": task})

    def save(self, name: str, **files: str | None) -> None:
        """Changes files; None deletes one. Dots in names are written as underscores."""
        changed = {path.replace("_", "."): content for path, content in files.items()}
        self.did(self.api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": changed}}))

    def propose(self, name: str) -> None:
        self.did(self.api.patch(f"{REVISIONS}/{name}", {"spec": {"lifecycle": "Proposed"}}))

    def reject(self, name: str) -> None:
        self.did(self.decide(name, "Draft"))

    def approve(self, name: str) -> int:
        """Returns the revision number."""
        return int(self.did(self.decide(name, "Published"))["spec"]["revision"])

    def publish(self, name: str) -> int:
        self.propose(name)
        return self.approve(name)

    def propose_deletion(self, name: str) -> None:
        self.did(self.api.patch(f"{REVISIONS}/{name}", {"spec": {"lifecycle": "DeletionProposed"}}))

    def undelete(self, name: str) -> None:
        self.did(self.decide(name, "Published"))

    def delete(self, name: str) -> None:
        self.api.do("DELETE", f"{REVISIONS}/{name}")

    def retire(self, name: str) -> None:
        self.propose_deletion(name)
        self.delete(name)

    def decide(self, name: str, lifecycle: str) -> Answer:
        return self.api.patch(f"{REVISIONS}/{name}/approval", {"spec": {"lifecycle": lifecycle}})

    @staticmethod
    def did(answer: Answer) -> Json:
        assert answer.code < 300, answer.text[:1000]
        return answer.json
