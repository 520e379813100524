"""Names for the steps of an expression, given where it is built, so that a script printed from it reads well.

A name changes nothing in the expression: it stays on the client, on the object that is the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

Step = TypeVar("Step")
Mapped = TypeVar("Mapped", bound=Callable[..., Any])

_STEP = "named_step"
_FUNCTION = "named_function"


@dataclass(frozen=True)
class Name:
    """What a person would call a step.

    Attributes:
        text: A word or several, in small letters with underscores between them.
        why: A sentence to stand above it; empty where the step speaks for itself.
        kind: Class of the object in the client library.
        if_shared: Whether the step gets a variable only where it is used more than once.
    """

    text: str
    why: str = ""
    kind: str = ""
    if_shared: bool = False


@dataclass(frozen=True)
class FunctionName:
    """What a person would call a mapped function.

    Attributes:
        text: A phrase that begins with a verb, with underscores.
        parameters: Names of its arguments.
        why: A sentence to stand above it; empty where the function speaks for itself.
    """

    text: str
    parameters: tuple[str, ...]
    why: str = ""


def named(step: Step, text: str, why: str = "") -> Step:
    """Name a step: any object of the client library that is computed, not a constant."""
    setattr(step, _STEP, Name(text, why, type(step).__name__))
    return step


def named_if_shared(step: Step, text: str) -> Step:
    """Name a step for where it is used more than once; else it stays a part of the step that it is for."""
    setattr(step, _STEP, Name(text, kind=type(step).__name__, if_shared=True))
    return step


def move_name(old: Any, new: Step) -> Step:
    """Give the name of a step to a later one that takes its place."""
    if (name := name_of(old)) is not None:
        delattr(old, _STEP)
        setattr(new, _STEP, name)
    return new


def named_function(why: str = "") -> Callable[[Mapped], Mapped]:
    """Let a mapped function keep its own name and those of its arguments."""

    def decorate(function: Mapped) -> Mapped:
        code = function.__code__
        name = FunctionName(function.__name__, code.co_varnames[: code.co_argcount], why)

        @wraps(function)
        def call(*arguments: Any) -> Any:
            result = function(*arguments)
            if not any(result is argument for argument in arguments):
                setattr(result, _FUNCTION, name)
            return result

        return call  # type: ignore[return-value]

    return decorate


def name_of(step: object) -> Name | None:
    """Give the name of a step, if it has one."""
    return getattr(step, _STEP, None)


def function_name_of(result: object) -> FunctionName | None:
    """Give the name of the function that this is the result of, if it has one."""
    return getattr(result, _FUNCTION, None)
