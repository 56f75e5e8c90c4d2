"""The flags that stand for settings, made out of the settings table."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streamrec.cli.support.faults import kafka_faults
from streamrec.settings import PREFIX, Settings, load
from streamrec.system import logs

Result = TypeVar("Result")

_FIRST_OF_GROUP = {
    "broker": "Kafka",
    "data_dir": "Worker",
    "model": "Model",
    "k": "Ranking",
    "understanding": "Rooms",
    "slates": "Learning",
    "log_level": "Logs",
}


def groups() -> dict[str, list[str]]:
    """The settings of each group, in the order of the table."""
    members: dict[str, list[str]] = {}
    for name in Settings.model_fields:
        if name in _FIRST_OF_GROUP:
            members[_FIRST_OF_GROUP[name]] = names = []
        names.append(name)
    return members


def flag(name: str) -> str:
    """The setting's flag."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """The setting's environment variable."""
    return PREFIX + name.upper()


def takes_settings(*wanted: str) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Replace the command's parameter `settings` by one flag per setting of the groups `wanted` (all of them without names).

    The command is called with the `Settings` in force; a wrong value or an unknown variable is a SettingsError.

        @takes_settings("Kafka")
        def describe(settings: Settings, as_json: AsJson = False) -> None: ...
    """
    # Flags follow from the settings table, so that flag, variable, file key and help of a setting can never differ.
    names = [name for group, members in groups().items() if not wanted or group in wanted for name in members]

    def decorate(command: Callable[..., Result]) -> Callable[..., Result]:
        hints = get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command).parameters.values()
            if parameter.name != "settings"
        ]
        made = [_parameter(name) for name in names]

        @functools.wraps(command)
        def run(**values: Any) -> Result:
            flags = {name: values.pop(name) for name in names}
            settings = load(**flags)
            logs.configure(settings.log_level)
            with kafka_faults(settings.broker):
                return command(settings=settings, **values)

        run.__signature__ = inspect.Signature([*own, *made])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *made)}
        del run.__wrapped__
        return run

    return decorate


def _parameter(name: str) -> inspect.Parameter:
    field = Settings.model_fields[name]
    kind = _flag_type(field.annotation)
    declaration = f"{flag(name)}/--no-{flag(name)[2:]}" if kind is bool else flag(name)
    group = next(group for group, members in groups().items() if name in members)
    option = typer.Option(declaration, help=_help(name, field), show_default=False, rich_help_panel=f"{group} settings")
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option])


def _help(name: str, field: FieldInfo) -> str:
    default = "unset" if field.default is None else str(field.default).lower() if isinstance(field.default, bool) else field.default
    return f"{field.description} (default {default}; {variable(name)})"


def _flag_type(annotation: Any) -> Any:
    """What the command line reads for a setting of this type; ranges are checked where the settings are."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _flag_type(next(kind for kind in get_args(annotation) if kind is not type(None)))
    if origin is Annotated:
        return _flag_type(get_args(annotation)[0])
    if annotation is SecretStr:
        return str
    if origin is Literal or annotation in (str, int, float, bool, Path):
        return annotation
    raise TypeError(f"no flag for a setting of type {annotation}")
