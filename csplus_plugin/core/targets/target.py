"""The two kinds of target: what makes an image, and what makes a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import ee

    from ..bands import BandInfo
    from ..catalog import Style
    from ..choices import Output, Scenes
    from ..reports.chart import Chart
    from ..survey import Survey
    from ..table import Column, Table


@dataclass(frozen=True)
class Target(ABC):
    """What a recipe makes, and what follows from it; a subclass is a frozen dataclass of the choices.

    Attributes:
        ALGORITHM: Id of the algorithm that makes it, without the provider; the name of the kind in JSON.
    """

    ALGORITHM: ClassVar[str]

    @abstractmethod
    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse what makes no sense together with the other choices.

        Raises:
            InvalidChoice: With one sentence.
        """

    @abstractmethod
    def sentence(self, scenes: Scenes) -> str:
        """Say what it is, in words that begin a sentence: "Median of the clear observations ..."."""


@dataclass(frozen=True)
class ImageTarget(Target):
    """A target whose result is an image: drawn as a live layer, downloaded as a GeoTIFF."""

    @property
    def fewest_days(self) -> int:
        """Days without which no pixel can have a value."""
        return 1

    @abstractmethod
    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:
        """List the bands of the file, in order."""

    @abstractmethod
    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:
        """Give the style, and the bands of `image` that it draws.

        Args:
            scenes: The choices of scenes.
            style: One of `catalog.ALL_STYLES`, or None for the target's own.
        """

    @abstractmethod
    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:
        """Make the image.

        Args:
            scenes: The choices of scenes.
            names: The bands wanted: of the file, or of what is shown.

        Returns:
            Digital numbers (reflectance x 10,000), index values, scores, days; masked where nothing is known.
        """


@dataclass(frozen=True)
class TableTarget(Target):
    """A target whose result is a table: rows in any sink of Processing, and charts where it has some."""

    @abstractmethod
    def columns(self, scenes: Scenes) -> tuple[Column, ...]:
        """List the columns, in order."""

    @abstractmethod
    def question(self, scenes: Scenes) -> ee.ComputedObject:
        """Build the expression whose answer `table` reads."""

    @abstractmethod
    def table(self, scenes: Scenes, survey: Survey, answer: Any) -> Table:
        """Read the service's answer.

        Args:
            scenes: The choices of scenes.
            survey: The scenes that were found.
            answer: The value of `question`, decoded JSON.

        Raises:
            CsPlusError: With what to do where it says nothing.
        """

    def notes(self, scenes: Scenes) -> tuple[str, ...]:  # noqa: ARG002
        """Say how it is computed, a sentence each, for the log and for the report: here, nothing."""
        return ()

    def findings(self, scenes: Scenes, table: Table) -> tuple[str, ...]:  # noqa: ARG002
        """Say what the table shows, the answer first, a sentence each: here, nothing."""
        return ()

    def charts(self, scenes: Scenes, table: Table) -> tuple[Chart, ...]:  # noqa: ARG002
        """Draw what the table shows: here, nothing."""
        return ()
