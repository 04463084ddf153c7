"""Where a setting's value comes from: a call's keyword beats the environment, that beats the file, that the default."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, frozen

from otel_mlmon.config.environment_variables import (
    OTEL_MLMON_ADAPTERS,
    OTEL_MLMON_CONFIG,
    OTEL_MLMON_ENABLED,
    OTEL_MLMON_RELOAD,
    OTEL_MLMON_SELF,
    OTEL_MLMON_SPANS,
)
from otel_mlmon.config.load import Loaded, Problem, load
from otel_mlmon.config.schema import Adapters, Configuration, Spans


@frozen
class Parameter:
    """A setting that the environment can give, too."""

    name: str
    variable: str
    parse: Callable[[str], Any]
    accepts: str


def _switch(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _adapters(text: str) -> Adapters:
    return Adapters(only=tuple(name.strip() for name in text.split(",") if name.strip()))


PARAMETERS = (
    Parameter("enabled", OTEL_MLMON_ENABLED, _switch, "true or false"),
    Parameter("spans", OTEL_MLMON_SPANS, lambda text: Spans(text.lower()), "child, current or off"),
    Parameter("adapters", OTEL_MLMON_ADAPTERS, _adapters, "names of adapters with commas between"),
    Parameter("own_time", OTEL_MLMON_SELF, _switch, "true or false"),
    Parameter("reload", OTEL_MLMON_RELOAD, _switch, "true or false"),
)


def path_of(config: str | Configuration | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of the configuration file; empty where there is none."""
    if isinstance(config, Configuration):
        return ""
    return config if config is not None else environment.get(OTEL_MLMON_CONFIG, "").strip()


def resolve(
    *,
    config: str | Configuration | None = None,
    enabled: bool | None = None,
    spans: Spans | str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Loaded:
    """Return the configuration that holds, and what was wrong on the way to it.

    Parameters
    ----------
    config
        A configuration, or the path of a file; default: the file that ``OTEL_MLMON_CONFIG`` names.
    enabled, spans
        Beat the environment and the file.
    environment
        Where variables are looked up.
    """
    source = config if isinstance(config, Configuration) else path_of(config, environment)
    if isinstance(source, Configuration):
        loaded = Loaded(source)
    else:
        loaded = load(source) if source else Loaded(Configuration())
    settings: dict[str, Any] = {}
    problems = list(loaded.problems)
    for parameter in PARAMETERS:
        text = environment.get(parameter.variable, "").strip()
        if not text:
            continue
        try:
            settings[parameter.name] = parameter.parse(text)
        except (KeyError, ValueError):
            message = f"is {text!r} and should be {parameter.accepts}"
            problems.append(Problem(parameter.variable, None, message))
    if enabled is not None:
        settings["enabled"] = enabled
    if spans is not None:
        settings["spans"] = Spans(spans)
    return Loaded(evolve(loaded.configuration, **settings), tuple(problems))
