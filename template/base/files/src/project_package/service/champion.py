"""The model that answers now, and how another one takes its place."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from project_package.service.drift import Drift
from project_package.service.model import BUNDLE, Model, ModelError, load

logger = logging.getLogger(__name__)

Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Serving(NamedTuple):
    """A model and what was counted since it took over."""

    model: Model
    drift: Drift


class Champion:
    """Holds what serves; a request takes it once, so that a swap never splits a request."""

    def __init__(self, folder: Path, make_drift: Callable[[Model], Drift]) -> None:
        self.serving: Serving | None = None
        self.draining = False
        self.loaded = 0
        self.refused = 0
        self._folder = folder
        self._make_drift = make_drift
        self._tried: Stamp = ()
        self._seen: Stamp = ()

    @property
    def ready(self) -> bool:
        """Whether predictions should be sent here."""
        return self.serving is not None and not self.draining

    async def watch(self, seconds: float) -> None:
        """Look for another model every `seconds`, for ever."""
        while True:
            await asyncio.sleep(seconds)
            await self.look()

    async def look(self) -> None:
        """Load what lies in the folder if it is new and nobody is still writing it.

        A folder that changed since the last look may be half written: the next look decides.
        """
        stamp = _stamp(self._folder)
        settled, self._seen = stamp == self._seen, stamp
        if settled and stamp != self._tried:
            await self.load()

    async def load(self) -> None:
        """Put the folder's model in charge, or keep the present one and say why."""
        self._tried = self._seen = _stamp(self._folder)
        try:
            model = await asyncio.to_thread(load, self._folder)
        except ModelError as error:
            self.refused += 1
            kept = self.serving.model.facts.version if self.serving else "none"
            logger.error("model refused: %s", error, extra={"kept_version": kept})
            return
        self.serving = Serving(model, self._make_drift(model))
        self.loaded += 1
        logger.info("model loaded", extra={"model_version": model.facts.version})


def _stamp(folder: Path) -> Stamp:
    return tuple(map(_file_stamp, (folder / name for name in BUNDLE)))


def _file_stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
