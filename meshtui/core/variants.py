"""Drafts that differ in one thing: a model, a parameter, a whole other draft, or nothing but chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meshtui.core.chat import Draft


@dataclass(frozen=True, slots=True)
class Variant:
    """A draft with one thing changed; `label` says what, and is shown on its lane. Labels may be foreign text."""

    label: str
    draft: Draft


def variants(
    draft: Draft,
    models: Sequence[str] = (),
    params: Iterable[tuple[str, Any]] = (),
    drafts: Iterable[Variant] = (),
    samples: int = 1,
) -> list[Variant]:
    """Return one variant for each combination of a model, a parameter's value and another draft.

    `drafts` are other whole drafts, such as another template or another value of a slot. What does not vary is not
    said. `samples` repeats each of them.
    """
    found = list(drafts) or [Variant("", draft)]
    chosen = list(models) or [draft.model]
    found = [
        Variant(_joined(model if len(chosen) > 1 or not one.label else "", one.label), replace(one.draft, model=model))
        for one in found
        for model in chosen
    ]
    changes = list(params)
    if changes:
        found = [
            Variant(
                _joined(one.label if len(found) > 1 else "", f"{name} {value}"),
                replace(one.draft, params={**one.draft.params, name: value}),
            )
            for one in found
            for name, value in changes
        ]
    if samples > 1:
        found = [
            Variant(f"{one.label or 'sample'} #{number}", one.draft)
            for one in found
            for number in range(1, samples + 1)
        ]
    return found


def _joined(*words: str) -> str:
    return " · ".join(word for word in words if word)
