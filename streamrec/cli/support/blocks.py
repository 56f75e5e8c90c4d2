"""Flags that several commands share, declared once: in the signature of a command a dataclass stands for its fields."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

Result = TypeVar("Result")


def spread(command: Callable[..., Result]) -> Callable[..., Result]:
    """Replace every parameter that is a dataclass by a flag for each of its fields; the command is called with the dataclass.

    The fields are annotated as parameters of Typer are. A parameter's default is an instance that holds the defaults of its flags.

        @app.command()
        @spread
        def ranker(work: Work, sources: Sources, pace: Pace = Pace(steps=300, rate=5e-4)) -> None: ...
    """
    hints = get_type_hints(command, include_extras=True)
    parameters = inspect.signature(command).parameters.values()
    blocks = {parameter.name: hints[parameter.name] for parameter in parameters if is_dataclass(hints[parameter.name])}
    flags: list[inspect.Parameter] = []
    for parameter in parameters:
        if parameter.name in blocks:
            flags += _flags(blocks[parameter.name], parameter.default)
        else:
            flags.append(parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def run(**values: Any) -> Result:
        made = {name: block(**{field.name: values.pop(field.name) for field in fields(block)}) for name, block in blocks.items()}
        return command(**made, **values)

    # Typer reads the flags from here, and must not look behind at what was wrapped.
    run.__signature__ = inspect.Signature(flags)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in flags}
    del run.__wrapped__
    return run


def _flags(block: Any, defaults: Any) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(block, include_extras=True)
    for field in fields(block):
        own = inspect.Parameter.empty if field.default is MISSING else field.default
        default = own if defaults is inspect.Parameter.empty else getattr(defaults, field.name)
        yield inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])
