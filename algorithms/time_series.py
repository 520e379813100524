"""Time series: points or polygons and a date window -> one row a feature and pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
)

from ..csplus_plugin.core.catalog import METRICS
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.places import region_of
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.series_report import Gatherer
from ..csplus_plugin.core.targets.series import STATISTICS, Series
from ..csplus_plugin.layers.provenance import SANDBOX_SENTENCE, origin
from ..csplus_plugin.processing.blocks import add_bands, read_scenes
from ..csplus_plugin.processing.destinations import survey_outputs, table_file
from ..csplus_plugin.processing.features import read_features
from ..csplus_plugin.processing.parameters import add, choices, chosen, explained, number, paragraph
from ..csplus_plugin.processing.region import Note, read_region
from ..csplus_plugin.processing.reports import write_report
from ..csplus_plugin.processing.series import SeriesRun, look_file
from ..csplus_plugin.processing.table_algorithm import TableAlgorithm
from ..csplus_plugin.processing.tables import write_rows


class TimeSeries(TableAlgorithm):
    """What happened in each field."""

    ID = Series.ALGORITHM
    NAME = "Time series"
    GROUP = "evidence"
    SUMMARY = "What happened at points or in polygons: statistics of their clear pixels, one row a feature and pass."
    HELP = (
        "One row a feature and pass of the satellite: the tiles of a pass are merged pixel by pixel by the best score. "
        "Each row has the clear pixels, the clear share, the mean score, and the statistics of bands (reflectance, 0 "
        "to 1) and indices. A feature without a clear look is one row that says so.\n\n"
        "Pixels are those of the feature's UTM zone, 10 metres. Mean and standard deviation weigh pixels at the edge "
        "by the share that lies inside; median, extremes and percentiles take those whose centre lies inside, as Earth "
        "Engine documents, and are empty where a feature holds no centre. A point without a buffer is its pixel.\n\n"
        "What has arrived is kept beside the table, in a file that ends in .looks: a run that was interrupted goes on, "
        "and next month only the new days are asked for. A pass whose score comes late is asked for again. The column "
        "feature joins the rows to their features: it is ID_FIELD, or the features' own id."
    )
    HAS_REPORT = True
    TAGS = ("time series", "parcels", "fields", "zonal statistics", "phenology", "points", "whittaker")
    HELP_SECTION = "choices-worth-knowing"

    def declare_target(self) -> None:
        """Add features, bands, indices and statistics."""
        kinds = [Qgis.ProcessingSourceType.VectorPoint, Qgis.ProcessingSourceType.VectorPolygon]
        add(
            self,
            QgsProcessingParameterFeatureSource("FEATURES", "Features", kinds),
            "Points or polygons. With EXTENT or AREA, only those that touch it.",
        )
        add(
            self,
            QgsProcessingParameterField(
                "ID_FIELD", "Field that tells them apart", None, "FEATURES", optional=True
            ),
            "Field whose value stands in each row, to join by; empty for the feature's own id.",
        )
        add(
            self,
            number("BUFFER", "Buffer (metres)", 0, -5_000, 5_000),
            "Metres by which features grow or shrink.",
        )
        add_bands(self, (), Series().indices, "Spectral indices, computed of each pixel.")
        add(
            self,
            choices("STATISTICS", "Statistics", STATISTICS, list(Series().statistics)),
            paragraph(
                _("Over the clear pixels of a feature."),
                explained({name: METRICS[name].label for name in STATISTICS}),
            ),
        )
        add(
            self,
            number("MIN_CLEAR", "Smallest clear share", Series().min_clear, 0, 1),
            "Share of a feature that has to be clear for a row, 0 to 1; with 0 every look is a row.",
        )
        add(
            self,
            number("SMOOTH", "Smoothing (lambda, days)", 0, 0, 10_000_000),
            "Strength of the Whittaker smoother: adds a smoothed column for the first statistic of each band and "
            "index, computed here. 0 for none; 1,000 follows a season.",
            advanced=True,
        )

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Series:
        """Read the choices."""
        return Series(
            bands=chosen(self, parameters, "BANDS", context),
            indices=chosen(self, parameters, "INDICES", context),
            statistics=chosen(self, parameters, "STATISTICS", context),
            buffer=self.parameterAsDouble(parameters, "BUFFER", context),
            min_clear=self.parameterAsDouble(parameters, "MIN_CLEAR", context),
            smooth=self.parameterAsDouble(parameters, "SMOOTH", context),
        )

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Ask what is not known yet, and write the rows."""
        scenes, target = self.recipe.scenes, self.recipe.target
        columns = target.columns(scenes, self._features.column)
        report = self.parameterAsFileOutput(parameters, "REPORT", context)
        with self.open_run(feedback) as run:
            source = (
                f"sandbox {self._connection.sandbox_data or ''}" if run.session.is_sandbox else "Earth Engine"
            )
            asked = target.recipe_key(scenes, source)
            series = SeriesRun(run, scenes, target, self._features)
            with look_file(self._table, asked) as file:
                self._survey, self._is_sandbox = series.survey(), run.session.is_sandbox
                notices = (_(SANDBOX_SENTENCE),) if self._is_sandbox else ()
                series.ask(file)
                gathered = Gatherer(self.recipe, columns, notices)
                rows = gathered.through(series.rows(file))
                key = self._features.key
                written = write_rows(rows, columns, self, parameters, self.SINK, context, key=key)
        results = {
            self.SINK: written,
            "RECIPE": self.recipe.to_json(),
            "ROW_COUNT": gathered.row_count,
            **survey_outputs(self._survey),
        }
        if report:
            write_report(gathered.report(origin(self.recipe, self._survey)), Path(report))
            results["REPORT"] = report
        return results

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Look at the destinations, then build the recipe."""
        table_file(parameters, self.SINK, context)
        super().check(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings; a model does not check its children, so destinations are checked here too."""
        self._table = table_file(parameters, self.SINK, context)
        super().read(parameters, context)

    def _build_recipe(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, note: Note = lambda _: None
    ) -> Recipe[Any]:
        target = self.read_target(parameters, context)
        within = None
        if any(parameters.get(name) not in (None, "") for name in ("AREA", "EXTENT")):
            within = read_region(self, parameters, context, note)
        self._features = read_features(self, parameters, context, target.buffer, within, note)
        places = [place for place in self._features.places if place]
        return Recipe(read_scenes(self, parameters, context, note, region=region_of(places)), target)
