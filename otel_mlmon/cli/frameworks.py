"""The page of the frameworks: made from the adapters, which say it all."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator

from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.capture.adapter import Adapter, Hook, Loader, no_origin

HEAD = """\
# Frameworks

Made by `make docs` from the adapters, `otel_mlmon/adapters/`. Each is tested with real models, at the oldest version
and at the newest. `otel-mlmon check` tells which are active in an environment; how to
[switch one off](configuration.md), how to [write one](adapters.md), and what runs
[inside model servers](servers.md).

| framework | versions | calls that are observed | named by |
|---|---|---|---|
"""

DETAILS = """
## What each call records

What `Scores`, `Labels`, `Probabilities`, `Results` and several outputs leave: [what is reported](metrics.md).
"""


def page() -> str:
    """Return the page as Markdown."""
    observing = [adapter for adapter in BUILT_IN if any(hook.outputs for hook in adapter.hooks)]
    naming = [adapter for adapter in BUILT_IN if adapter.loaders and not adapter.hooks]
    rows = [_row(adapter) for adapter in sorted(observing, key=lambda adapter: adapter.name)]
    details = [_details(adapter) for adapter in sorted(observing, key=lambda adapter: adapter.name)]
    files = [f"`{_shown(loader)}`" for adapter in naming for loader in adapter.loaders]
    return "".join([HEAD, *rows, f"\nModels of all of them are also named by {', '.join(files)}.\n", DETAILS, *details])


def _row(adapter: Adapter) -> str:
    versions = f"{adapter.distributions[0]} {adapter.oldest} and later" if adapter.distributions else "any"
    calls = dict.fromkeys(_shown(hook) for hook in adapter.hooks if hook.outputs is not None)
    names = [_listed(dict.fromkeys(map(_shown, adapter.loaders)))]
    names.append("the model itself" if adapter.origin is not no_origin else "")
    names.append("the address" if adapter.by_url else "")
    named_by = ", ".join(filter(None, names)) or "its class"
    return f"| {adapter.name} | {versions} | {_listed(calls)} | {named_by} |\n"


def _details(adapter: Adapter) -> str:
    module = importlib.import_module(_module_of(adapter))
    said = dict.fromkeys(_first_line(hook.outputs) for hook in adapter.hooks if hook.outputs is not None)
    title = (inspect.getdoc(module) or "").partition("\n\n")
    about = " ".join(title[0].split())
    more = "".join(f"\n{' '.join(paragraph.split())}\n" for paragraph in title[2].split("\n\n") if paragraph.strip())
    text = f"\n### {adapter.name}\n\n{about}\n{more}\n" + "".join(f"- {line}\n" for line in said if line)
    return text.replace("``", "`")


def _module_of(adapter: Adapter) -> str:
    return next(
        name
        for name, module in sorted(sys.modules.items())
        if name.startswith("otel_mlmon.adapters.") and adapter in _adapters_of(module)
    )


def _adapters_of(module: object) -> Iterator[object]:
    yield getattr(module, "ADAPTER", None)
    yield from getattr(module, "ADAPTERS", ())


def _shown(place: Hook | Loader) -> str:
    module, _, name = place.target.partition(":")
    return f"{module.partition('.')[0]}.{name}" if "." not in name else name


def _listed(names: dict[str, None]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _first_line(function: object) -> str:
    function = getattr(function, "func", function)
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())


if __name__ == "__main__":
    sys.stdout.write(page())
