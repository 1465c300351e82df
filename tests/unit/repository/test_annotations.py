"""`kpt:` lines: written to the byte, read leniently."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.repository.git.annotations import Annotation, annotation_line, draft_message, read_annotations
from porch.types.meta import NameReference
from porch.types.task import CloneTask, EditTask, GitPackage, InitTask, Task, UpgradeTask, UpstreamPackage

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


@given(TEXT, TEXT, TEXT, TEXT)
@settings(derandomize=True, max_examples=200)
def test_what_is_written_reads_back(package: str, workspace: str, revision: str, description: str) -> None:
    written = Annotation(package, workspace, revision, Task(type="init", init=InitTask(description=description)))
    assert list(read_annotations(b"subject\n\n" + annotation_line(written))) == [written]


@pytest.mark.parametrize(
    ("task", "json"),
    [
        (
            Task(type="edit", edit=EditTask(source_ref=NameReference(name="a"))),
            '{"type":"edit","edit":{"sourceRef":{"name":"a"}}}',
        ),
        (
            Task(
                type="clone",
                clone=CloneTask(
                    upstream_ref=UpstreamPackage(type="git", git=GitPackage(repo="r", ref="main", directory="d"))
                ),
            ),
            '{"type":"clone","clone":{"upstreamRef":{"type":"git","git":{"repo":"r","ref":"main","directory":"d","secretRef":{"name":""}}}}}',
        ),
        (Task(type="clone", clone=CloneTask()), '{"type":"clone","clone":{"upstreamRef":{}}}'),
        (
            Task(type="upgrade", upgrade=UpgradeTask(strategy="resource-merge")),
            (
                '{"type":"upgrade","upgrade":{"oldUpstreamRef":{"name":""},"newUpstreamRef":{"name":""},'
                '"localPackageRevisionRef":{"name":""},"strategy":"resource-merge"}}'
            ),
        ),
        (Task(type="render"), '{"type":"render"}'),
    ],
)
def test_tasks_are_written_as_go_writes_them(task: Task, json: str) -> None:
    line = annotation_line(Annotation("edge/base", "ws1", "0", task)).decode()
    assert line == f'kpt:{{"package":"edge/base","workspaceName":"ws1","revision":"0","task":{json}}}\n'


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("init", "Creating new empty revision"),
        ("edit", "Creating new revision by copying previous revision"),
        ("clone", "Creating new revision by cloning"),
        ("upgrade", "Upgrading revision"),
        ("render", "Rendering package"),
        ("", "Intermediate commit"),
        ("push", "Intermediate commit: push"),
    ],
)
def test_three_newlines_stand_between_subject_and_annotation(kind: str, subject: str) -> None:
    assert draft_message("p", "w", Task(type=kind)).decode().startswith(f'{subject}\n\n\nkpt:{{"package":"p",')


def test_an_approval_has_no_task() -> None:
    assert annotation_line(Annotation("basens", "ws1", "1")) == (
        b'kpt:{"package":"basens","workspaceName":"ws1","revision":"1"}\n'
    )


def test_old_broken_and_foreign_lines_do_not_hide_the_others() -> None:
    message = b"""Intermediate commit: eval kpt:{"package":"not a line of its own"}

kpt:{"package":"legacy","revision":"v1","task":{"type":"eval","image":"x"},"more":1}
  kpt:{"package":"indented","workspaceName":"a\\u003cb"}\r
kpt:{"package":
kpt:[]
kpt:{"package":"odd","workspaceName":"w","task":"no object"}
kpt:\xff
"""
    assert list(read_annotations(message)) == [
        Annotation("legacy", "", "v1", Task(type="eval")),
        Annotation("indented", "a<b"),
        Annotation("odd", "w"),
    ]


@given(st.binary(max_size=60))
@settings(derandomize=True, max_examples=200)
def test_no_message_is_too_odd(message: bytes) -> None:
    list(read_annotations(b"kpt:" + message))


def test_the_task_is_the_apis_json() -> None:
    task = Task(type="init", init=InitTask(keywords=["a"], site="https://example.com"))
    (read,) = read_annotations(draft_message("p", "w", task))
    assert msgspec.json.encode(read.task) == msgspec.json.encode(task)
