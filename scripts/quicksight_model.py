"""What botocore's model of QuickSight says of a request. botocore itself looks at names and types only: an
enum, a pattern, and most limits are for the service to refuse."""

from __future__ import annotations

import re

import botocore.session
from botocore.model import Shape

MODEL = botocore.session.get_session().get_service_model("quicksight")
PYTHON = {"string": str, "integer": int, "long": int, "float": (int, float), "double": (int, float), "boolean": bool}


def problems(operation: str, parameters: dict) -> list:
    """Every way in which the parameters are not those of the operation, each with its path."""
    return list(of_shape(MODEL.operation_model(operation).input_shape, parameters, operation))


def of_shape(shape: Shape, value: object, path: str):
    match shape.type_name:
        case "structure":
            yield from of_structure(shape, value, path)
        case "list" if isinstance(value, list):
            yield from of_length(shape, value, path)
            for index, element in enumerate(value):
                yield from of_shape(shape.member, element, f"{path}[{index}]")
        case "map" if isinstance(value, dict):
            for key, element in value.items():
                yield from of_shape(shape.value, element, f"{path}.{key}")
        case "timestamp" | "blob":
            pass
        case kind if kind in PYTHON and isinstance(value, PYTHON[kind]) and (kind == "boolean") == isinstance(value, bool):
            yield from of_scalar(shape, value, path)
        case kind:
            yield f"{path}: expected a {kind}, found {value!r}"


def of_structure(shape: Shape, value: object, path: str):
    if not isinstance(value, dict):
        yield f"{path}: expected a structure, found {value!r}"
        return
    for key, element in value.items():
        if key in shape.members:
            yield from of_shape(shape.members[key], element, f"{path}.{key}")
        else:
            yield f"{path}: no member {key}"
    for key in shape.required_members:
        if key not in value:
            yield f"{path}: without {key}"


def of_scalar(shape: Shape, value: object, path: str):
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield f"{path}: {value!r} is not one of {', '.join(enum)}"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value, flags=re.DOTALL):
        yield f"{path}: {value!r} does not match {pattern}"
    if isinstance(value, str):
        yield from of_length(shape, value, path)
    elif not isinstance(value, bool):
        low, high = shape.metadata.get("min", value), shape.metadata.get("max", value)
        if not low <= value <= high:
            yield f"{path}: {value} is not within {low} and {high}"


def of_length(shape: Shape, value: list | str, path: str):
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    if not low <= len(value) <= high:
        yield f"{path}: its length {len(value)} is not within {low} and {high}"
