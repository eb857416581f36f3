"""Telling how far an import is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, NamedTuple


class Progress(NamedTuple):
    """How far an import is."""

    #: Rows that were answered, with a person or with an error.
    rows: int
    #: People that were created.
    people: int
    #: Times that two people turned out to be one.
    merges: int


#: Called with rows, people and merges.
Reporter = Callable[[int, int, int], object]


def reporter(
    progress: bool | Callable[[Progress], object] | None, total: int | None
) -> AbstractContextManager[Reporter | None]:
    """What is to be called meanwhile, and what is to be done before and after."""
    if not callable(progress):
        # Also numpy's truth values, and an option that was left at None.
        return _Bar(total) if progress else nullcontext(None)
    call = progress
    return nullcontext(lambda rows, people, merges: call(Progress(rows, people, merges)))


class _Bar:
    def __init__(self, total: int | None) -> None:
        self._total = total
        self._bar: Any = None

    def __enter__(self) -> Reporter:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            message = "progress=True needs tqdm: pip install identity-core[progress]; or pass a function"
            raise ImportError(message) from None
        self._bar = tqdm(total=self._total, unit=" rows", unit_scale=True)
        return self._report

    def _report(self, rows: int, people: int, merges: int) -> None:
        self._bar.set_postfix(people=people, merges=merges, refresh=False)
        self._bar.update(rows - self._bar.n)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()
