"""CloudFormation templates as CloudFormation reads them: the short forms of YAML, and what functions give."""

from __future__ import annotations

import re

import yaml


class Loader(yaml.SafeLoader):
    """Reads `!Ref x` as `{"Ref": x}`, and `!Sub x` as `{"Fn::Sub": x}`."""


def function(loader: Loader, suffix: str, node: yaml.Node) -> dict:
    match node:
        case yaml.ScalarNode():
            given = loader.construct_scalar(node)
        case yaml.SequenceNode():
            given = loader.construct_sequence(node, deep=True)
        case _:
            given = loader.construct_mapping(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": given}


Loader.add_multi_constructor("!", function)


def parsed(text: str) -> dict:
    return yaml.load(text, Loader)


def resolved(value: object, names: dict) -> object:
    """A part of a template with its functions evaluated; `names` has parameters and pseudo parameters.
    A resource is its logical ID, an attribute `ID.Attribute`."""
    match value:
        case {"Ref": name}:
            return names.get(name, name)
        case {"Fn::GetAtt": name}:
            return name
        case {"Fn::Join": [separator, parts]}:
            return separator.join(as_list(resolved(parts, names)))
        case {"Fn::Sub": [text, more]}:
            return substituted(text, names | resolved(more, names))
        case {"Fn::Sub": text}:
            return substituted(text, names)
        case dict():
            return {key: resolved(part, names) for key, part in value.items()}
        case list():
            return [resolved(part, names) for part in value]
    return value


def as_list(value: object) -> list:
    """A parameter that is a list comes as one text."""
    return value.split(",") if isinstance(value, str) else value


def substituted(text: str, names: dict) -> str:
    return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(names.get(found[1], found[1])), text)
