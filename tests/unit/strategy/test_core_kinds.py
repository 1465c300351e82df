from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.strategy.configmap import ConfigMapStrategy
from porch.strategy.datamap import MAX_BYTES
from porch.strategy.namespace import NamespaceStrategy
from porch.strategy.secret import SecretStrategy
from porch.types.core import CONFIG_MAP, NAMESPACE, SECRET, ConfigMap, Namespace, NamespaceSpec, NamespaceStatus, Secret
from porch.types.meta import ObjectMeta

namespaces, secrets, config_maps = NamespaceStrategy(NAMESPACE), SecretStrategy(SECRET), ConfigMapStrategy(CONFIG_MAP)


def _secret(**fields: Any) -> Secret:
    secret = Secret(metadata=ObjectMeta(name="s"), **fields)
    secrets.prepare_for_create(secret)
    return secret


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _fields(errors: list[Any]) -> list[str]:
    return [error.field for error in errors]


def test_a_new_namespace_is_active_whatever_was_sent() -> None:
    sent = Namespace(metadata=ObjectMeta(name="a"), status=NamespaceStatus(phase="Terminating"))
    namespaces.prepare_for_create(sent)
    assert (sent.status.phase, sent.spec.finalizers) == ("Active", ["kubernetes"])
    assert sent.metadata.labels == {"kubernetes.io/metadata.name": "a"}
    assert namespaces.cells(sent, "5m") == ["a", "Active", "5m"]


def test_clients_change_neither_spec_nor_status_of_a_namespace() -> None:
    old = Namespace(metadata=ObjectMeta(name="a"), spec=NamespaceSpec(finalizers=["kubernetes"]))
    new = Namespace(metadata=ObjectMeta(name="a"), status=NamespaceStatus(phase="Gone"))
    namespaces.prepare_for_update(new, old, "")
    assert (new.spec, new.status) == (old.spec, old.status)


def test_a_namespace_is_named_by_a_label() -> None:
    assert namespaces.name_problems("a-1") == []
    assert namespaces.name_problems("a.b") == ["must not contain dots"]


def test_string_data_is_merged_and_not_returned() -> None:
    secret = _secret(data={"a": _b64(b"1"), "b": _b64(b"2")}, string_data={"b": "three", "c": "ä"})
    assert secret.data == {"a": _b64(b"1"), "b": _b64(b"three"), "c": _b64("ä".encode())}
    assert secret.string_data == {}
    assert secrets.validate(secret) == []
    assert secrets.cells(secret, "5m") == ["s", "Opaque", 3, "5m"]


def test_a_secret_keeps_its_type() -> None:
    old = _secret(type="kubernetes.io/basic-auth", string_data={"username": "u"})
    new = Secret(metadata=ObjectMeta(name="s"), string_data={"password": "p"})
    secrets.prepare_for_update(new, old, "")
    assert new.type == "kubernetes.io/basic-auth"
    assert [str(error) for error in secrets.validate_update(_secret(type="Opaque"), old)] == [
        'type: Invalid value: "Opaque": field is immutable'
    ]


@pytest.mark.parametrize("value", ["not base64!", "YQ", "YQ===", "_w==", "ä"])
def test_data_of_secrets_is_base64_and_never_shown(value: str) -> None:
    [error] = secrets.validate(_secret(data={"a": value}))
    assert (error.field, error.reason) == ("data[a]", "FieldValueInvalid")
    assert value not in error.text


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("kubernetes.io/basic-auth", ["data[username]", "data[password]"]),
        ("kubernetes.io/ssh-auth", ["data[ssh-privatekey]"]),
        ("kubernetes.io/tls", ["data[tls.crt]", "data[tls.key]"]),
        ("kubernetes.io/dockerconfigjson", ["data[.dockerconfigjson]"]),
        ("example.com/own", []),
    ],
)
def test_some_types_need_keys(kind: str, needed: list[str]) -> None:
    assert _fields(secrets.validate(_secret(type=kind))) == needed


def test_basic_auth_is_content_with_a_password() -> None:
    assert secrets.validate(_secret(type="kubernetes.io/basic-auth", string_data={"password": "p"})) == []


def test_data_has_a_size_limit() -> None:
    assert secrets.validate(_secret(string_data={"a": "x" * MAX_BYTES})) == []
    [error] = secrets.validate(_secret(string_data={"a": "x" * MAX_BYTES, "b": "y"}))
    assert str(error) == "data: Too long: may not be more than 1048576 bytes"
    half = MAX_BYTES // 2 + 1
    big = ConfigMap(data={"a": "x" * half}, binary_data={"b": _b64(b"y" * half)})
    assert [error.reason for error in config_maps.validate(big)] == ["FieldValueTooLong"]


def test_sealed_data_does_not_change() -> None:
    sealed = _secret(string_data={"a": "1"}, immutable=True)
    assert secrets.validate_update(_secret(string_data={"a": "1"}, immutable=True), sealed) == []
    assert _fields(secrets.validate_update(_secret(string_data={"a": "2"}, immutable=True), sealed)) == ["data"]
    assert _fields(secrets.validate_update(_secret(string_data={"a": "1"}), sealed)) == ["immutable"]
    both = ConfigMap(data={"a": "1"}, binary_data={"b": ""}, immutable=True)
    assert _fields(config_maps.validate_update(ConfigMap(), both)) == ["immutable", "data", "binaryData"]


def test_unsealed_data_may_be_changed_and_sealed() -> None:
    assert config_maps.validate_update(ConfigMap(data={"a": "1"}, immutable=True), ConfigMap()) == []


@pytest.mark.parametrize("key", ["", "a b", "a/b", "..", ".", "..a", "a" * 254, "a\n"])
def test_keys_are_file_names(key: str) -> None:
    for errors in (config_maps.validate(ConfigMap(data={key: ""})), secrets.validate(_secret(string_data={key: ""}))):
        [error] = errors
        assert error.field.startswith("data[")


def test_no_key_is_both_text_and_bytes() -> None:
    [error] = config_maps.validate(ConfigMap(data={"a": ""}, binary_data={"a": ""}))
    assert "present in binaryData" in error.text


def test_binary_data_is_base64() -> None:
    assert _fields(config_maps.validate(ConfigMap(binary_data={"a": "?"}))) == ["binaryData[a]"]


def test_a_config_map_counts_its_keys() -> None:
    shown = ConfigMap(metadata=ObjectMeta(name="c"), data={"a": ""}, binary_data={"b": ""})
    assert config_maps.cells(shown, "5m") == ["c", 2, "5m"]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_no_error_of_a_secret_shows_a_value(data: dict[str, str]) -> None:
    marked = {key: f"5ecret {value}" for key, value in data.items()}
    errors = secrets.validate(_secret(data=marked))
    assert len(errors) >= len(data)
    assert all("5ecret" not in str(error) for error in errors)
