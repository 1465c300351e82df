from __future__ import annotations

from porch.objects import Call, ListOptions
from porch.objects.bootstrap import create_system_namespaces
from porch.objects.stored import StoredObjects
from tests.unit.objects.build import read


def test_a_new_server_has_its_namespaces(namespaces: StoredObjects, call: Call) -> None:
    page = namespaces.list(call, ListOptions()).page
    made = [read(namespaces, item) for item in page.items]
    assert [item.metadata.name for item in made] == ["default", "kube-system"]
    assert {item.status.phase for item in made} == {"Active"}


def test_a_second_start_changes_nothing(namespaces: StoredObjects, call: Call) -> None:
    before = namespaces.list(call, ListOptions()).page
    create_system_namespaces(namespaces)
    assert namespaces.list(call, ListOptions()).page == before
