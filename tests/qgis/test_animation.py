"""Animation in the toolbox and in a model: frames checked by their pixels, files by readers of others."""

from __future__ import annotations

import http.server
import struct
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.layers.provenance import set_period
from osgeo import gdal, osr
from PIL import Image
from qgis import processing as toolbox
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsDateTimeRange,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QBuffer, QByteArray, QCoreApplication, QDateTime, QIODevice, Qt
from qgis.PyQt.QtGui import QColor, QImage

from .conftest import JANUARY, PLACE, Recorder

ID = "csplus:animation"
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
MONTHS = [(date(2023, 1, 1), date(2023, 1, 31)), (date(2023, 2, 1), date(2023, 2, 28))]
MONTHS += [(date(2023, 3, 1), date(2023, 3, 31))]


def coloured(path: Path, colour: tuple[int, int, int], left: float = 500_000) -> str:
    """Write a raster of one colour, 20 x 10 pixels of 10 m."""
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 20, 10, 3)
    dataset.SetGeoTransform((left, 10, 0, 4_000_000, 0, -10))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    dataset.SetProjection(reference.ExportToWkt())
    for number, value in enumerate(colour, 1):
        dataset.GetRasterBand(number).Fill(value)
        dataset.GetRasterBand(number).SetColorInterpretation(gdal.GCI_RedBand + number - 1)
    dataset.FlushCache()
    return str(path)


def raster(path: Path, colour: tuple[int, int, int], period: tuple[date, date] | None) -> QgsRasterLayer:
    layer = QgsRasterLayer(coloured(path, colour), path.stem)
    if period:
        set_period(layer, *period)
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def three(context: QgsProcessingContext, tmp_path: Path) -> list[QgsRasterLayer]:
    """Three colours of three months, not in the order of time."""
    made = [
        raster(tmp_path / f"{name}.tif", colour, period)
        for name, colour, period in zip("abc", (RED, GREEN, BLUE), MONTHS, strict=True)
    ]
    return [made[2], made[0], made[1]]


def run(context: QgsProcessingContext, feedback: Recorder, **values: object) -> dict:
    return toolbox.run(ID, values, context=context, feedback=feedback)


def frames(path: str | Path) -> list[np.ndarray]:
    """Read the frames with Pillow."""
    film = Image.open(path)
    found = []
    for place in range(getattr(film, "n_frames", 1)):
        film.seek(place)
        found.append(np.asarray(film.convert("RGB")))
    return found


def middle(frame: np.ndarray) -> tuple[int, ...]:
    """The colour in the middle of the upper part, which is the picture."""
    return tuple(int(value) for value in frame[frame.shape[0] // 4, frame.shape[1] // 2])


def test_frame_k_shows_colour_k(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    target = tmp_path / "film.png"
    results = run(context, feedback, LAYERS=three, WIDTH=400, SECONDS=0.25, OUTPUT=str(target))
    found = frames(target)
    assert [middle(frame) for frame in found] == [RED, GREEN, BLUE]
    assert Image.open(target).info["duration"] == 250
    assert results["FRAME_COUNT"] == 3
    assert (results["FIRST_DATE"], results["LAST_DATE"]) == ("2023-01-01", "2023-03-31")
    height = found[0].shape[0]
    assert f"3 frames of 400 x {height} pixels, 0.25 s each." in feedback.said
    # Twice as wide as high, as the extent is; below it the date, which differs from frame to frame.
    assert all((frame[:200] == frame[0, 0]).all() for frame in found)
    strips = [frame[200:] for frame in found]
    assert strips[0].shape[0] > 15
    assert all((strip < 100).any() for strip in strips)
    assert not (strips[0] == strips[1]).all()


def test_the_file_keeps_to_the_specification(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    target = tmp_path / "film.png"
    run(context, feedback, LAYERS=three, WIDTH=200, OUTPUT=str(target))
    content, place, chunks = target.read_bytes(), 8, []
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        chunks.append((kind.decode(), content[place + 8 : place + 8 + length]))
        place += 12 + length
    kinds = [kind for kind, _ in chunks]
    assert kinds[:3] == ["IHDR", "acTL", "fcTL"]
    assert kinds[-1] == "IEND"
    assert struct.unpack(">II", chunks[1][1]) == (3, 0)
    assert kinds.count("fcTL") == 3
    numbers = [struct.unpack_from(">I", body)[0] for kind, body in chunks if kind in ("fcTL", "fdAT")]
    assert numbers == list(range(len(numbers)))
    assert kinds.index("IDAT") < kinds.index("fdAT")


def test_layers_of_one_time_are_drawn_together_and_a_longer_one_in_all(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    year = QgsRasterLayer(coloured(tmp_path / "year.tif", (9, 9, 9), 500_200), "year")
    set_period(year, date(2023, 1, 1), date(2023, 12, 31))
    QgsProject.instance().addMapLayer(year)
    target = tmp_path / "film.png"
    run(context, feedback, LAYERS=[*three, year], WIDTH=400, LABEL="no", OUTPUT=str(target))
    found = frames(target)
    assert len(found) == 3
    for frame, colour in zip(found, (RED, GREEN, BLUE), strict=True):
        assert frame.shape == (100, 400, 3)  # no date and no attribution: no strip
        assert tuple(frame[50, 100]) == colour
        assert tuple(frame[50, 300]) == (9, 9, 9)


def test_ranges_that_touch_in_one_moment_do_not_share_a_frame(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    """As people write ranges: each ends at midnight when the next one begins."""
    layers = []
    for name, colour, first, last in (
        ("a", RED, "01", "02"),
        ("b", GREEN, "02", "03"),
        ("c", BLUE, "03", "04"),
    ):
        layer = raster(tmp_path / f"{name}.tif", colour, None)
        ends = [
            QDateTime.fromString(f"2023-{month}-01T00:00:00Z", Qt.DateFormat.ISODate)
            for month in (first, last)
        ]
        layer.temporalProperties().setFixedTemporalRange(QgsDateTimeRange(*ends))
        layer.temporalProperties().setIsActive(True)
        layers.append(layer)
    target = tmp_path / "film.png"
    for order in (layers, layers[::-1]):
        run(context, feedback, LAYERS=order, OUTPUT=str(target))
        assert [middle(frame) for frame in frames(target)] == [RED, GREEN, BLUE]


def test_everything_visible_is_drawn_as_on_the_canvas(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    QgsProject.instance().setCrs(three[0].crs())
    hidden = raster(tmp_path / "hidden.tif", (1, 2, 3), (date(2023, 4, 1), date(2023, 4, 30)))
    root = QgsProject.instance().layerTreeRoot()
    root.findLayer(hidden.id()).setItemVisibilityChecked(False)
    on_top = QgsRasterLayer(coloured(tmp_path / "top.tif", (7, 7, 7), 500_150), "top")
    QgsProject.instance().addMapLayer(on_top)
    root.setHasCustomLayerOrder(True)
    root.setCustomLayerOrder([on_top, *three, hidden])
    target = tmp_path / "film.png"
    run(context, feedback, WIDTH=400, OUTPUT=str(target))
    found = frames(target)
    assert [middle(frame) for frame in found] == [RED, GREEN, BLUE]
    assert [tuple(frame[100, 390]) for frame in found] == [(7, 7, 7)] * 3


def test_a_basemap_lies_below(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    below = coloured(tmp_path / "below.tif", (5, 5, 5), 500_100)
    target = tmp_path / "film.png"
    extent = "500000,500300,3999900,4000000 [EPSG:32611]"
    run(context, feedback, LAYERS=three, BASEMAP=[below], EXTENT=extent, WIDTH=300, OUTPUT=str(target))
    for frame, colour in zip(frames(target), (RED, GREEN, BLUE), strict=True):
        assert tuple(frame[50, 150]) == colour
        assert tuple(frame[50, 290]) == (5, 5, 5)


def test_the_height_holds_the_strip_and_a_format_the_date(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    target = tmp_path / "film.png"
    run(context, feedback, LAYERS=three, WIDTH=320, HEIGHT=240, LABEL="MMMM yyyy", OUTPUT=str(target))
    assert {frame.shape for frame in frames(target)} == {(240, 320, 3)}


def test_a_long_date_is_whole_in_a_small_frame(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    """The two frames differ in the last digit of their dates alone."""
    layers = [
        raster(tmp_path / f"{name}.tif", RED, (date(2023, 1, 1), date(2023, 1, last)))
        for name, last in (("a", 23), ("b", 28))
    ]
    target = tmp_path / "film.png"
    run(context, feedback, LAYERS=layers, WIDTH=100, OUTPUT=str(target))
    first, second = frames(target)
    assert (first[50:] != second[50:]).any()


def test_points_in_time_by_their_field_and_by_months(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    points = QgsVectorLayer("Point?crs=EPSG:32611&field=seen:date", "points", "memory")
    for x, day in ((10, "2023-01-05"), (50, "2023-01-20"), (90, "2023-03-31")):
        feature = QgsFeature(points.fields())
        feature.setAttributes([day])
        feature.setGeometry(QgsGeometry.fromWkt(f"POINT({x} 50)"))
        assert points.dataProvider().addFeatures([feature])[0]
    symbol = points.renderer().symbol()
    symbol.setColor(Qt.GlobalColor.black)
    symbol.setSize(10)
    properties = points.temporalProperties()
    properties.setMode(Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField)
    properties.setStartField("seen")
    properties.setIsActive(True)
    QgsProject.instance().addMapLayer(points)
    target = tmp_path / "film.png"
    place = "0,100,0,100 [EPSG:32611]"

    def seen() -> list[list[bool]]:
        return [[bool(frame[100, x].max() < 50) for x in (20, 100, 180)] for frame in frames(target)]

    run(context, feedback, LAYERS=[points], EXTENT=place, WIDTH=200, OUTPUT=str(target))
    assert seen() == [[True, False, False], [False, True, False], [False, False, True]]
    run(context, feedback, LAYERS=[points], EXTENT=place, WIDTH=200, STEP="month", OUTPUT=str(target))
    assert seen() == [[True, True, False], [False, False, False], [False, False, True]]
    assert "Frames that show nothing at all: 2023-02." in feedback.warned


def test_a_folder_of_frames_and_a_gif(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    target, folder = tmp_path / "film.gif", tmp_path / "frames"
    run(context, feedback, LAYERS=three, SECONDS=0.3, OUTPUT=str(target), FRAMES=str(folder))
    film = Image.open(target)
    assert (film.format, film.n_frames, film.info["duration"], film.info["loop"]) == ("GIF", 3, 300, 0)
    assert [middle(frame) for frame in frames(target)] == [RED, GREEN, BLUE]
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["frame_0001.png", "frame_0002.png", "frame_0003.png"]
    assert [middle(frames(folder / name)[0]) for name in files] == [RED, GREEN, BLUE]
    with pytest.raises(QgsProcessingException, match="holds frames already"):
        run(context, feedback, LAYERS=three, OUTPUT=str(target), FRAMES=str(folder))


def test_a_gif_without_pillow_is_one_sentence(
    three: list[QgsRasterLayer],
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(QgsProcessingException, match="needs Pillow.*ends in .png"):
        run(context, feedback, LAYERS=three, OUTPUT=str(tmp_path / "film.gif"))
    assert not list(tmp_path.glob("film*"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"OUTPUT": "film.mp4"}, "film.mp4 is neither a PNG nor a GIF"),
        ({"LABEL": "!!"}, "no format of a date"),
        ({"LAYERS": ["/no/such.tif"]}, "which is no layer that QGIS can open"),
        ({"EXTENT": "0,1,0,1 [EPSG:4326]"}, "None of the layers has pixels in the EXTENT"),
        ({"WIDTH": 8000, "HEIGHT": 10}, "8000 pixels wide"),
        ({"WIDTH": 8192, "HEIGHT": 8192, "STEP": "day"}, "million pixels; at most 2,000 million"),
        ({"SECONDS": 0}, "SECONDS is 0, which is out of range"),
        ({"STEP": "hour"}, "Choose from ranges, day, week, month, year"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    three: list[QgsRasterLayer],
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
    change: dict,
    said: str,
) -> None:
    values = {"LAYERS": three, "OUTPUT": str(tmp_path / "film.png"), **change}
    with pytest.raises(QgsProcessingException, match=said):
        run(context, feedback, **values)
    assert not list(tmp_path.glob("film*"))


def test_a_layer_without_a_time_is_named(
    three: list[QgsRasterLayer], context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    plain = raster(tmp_path / "plain.tif", RED, None)
    target = str(tmp_path / "film.png")
    with pytest.raises(QgsProcessingException, match="plain has no time. Set its temporal range"):
        run(context, feedback, LAYERS=[*three, plain], OUTPUT=target)
    QgsProject.instance().removeAllMapLayers()
    with pytest.raises(QgsProcessingException, match="No layer with a time"):
        run(context, feedback, OUTPUT=target)


class TileServer(http.server.ThreadingHTTPServer):
    """Serves tiles of one colour by path, /red/z/x/y.png; or a status, /429/z/x/y.png; or nothing for long, /slow/."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.failures_left: dict[str, int] = {}
        self.asked: list[str] = []

    def layer(self, name: str, period: tuple[date, date] | None = None) -> QgsRasterLayer:
        url = f"http://127.0.0.1:{self.server_port}/{name}/%7Bz%7D/%7Bx%7D/%7By%7D.png"
        made = QgsRasterLayer(f"type=xyz&zmin=0&zmax=14&url={url}", name, "wms")
        assert made.isValid()
        if period:
            set_period(made, *period)
        QgsProject.instance().addMapLayer(made)
        return made


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.split("/")[1]
        self.server.asked.append(self.path)
        left = self.server.failures_left.get(name, 0)
        if name == "slow":
            time.sleep(20)
        if left or name.isdigit():
            self.server.failures_left[name] = max(0, left - 1)
            self.send_error(int(name) if name.isdigit() else 429)
            return
        image = QImage(256, 256, QImage.Format.Format_RGB32)
        image.fill(QColor(name))
        data = QByteArray()
        device = QBuffer(data)
        device.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(device, "PNG")
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(data.size()))
        self.end_headers()
        self.wfile.write(data.data())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def tiles(context: QgsProcessingContext) -> Iterator[TileServer]:
    server = TileServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


WEB = "-13350000,-13346000,4500000,4502000 [EPSG:3857]"


def test_live_tiles_frame_by_frame(
    tiles: TileServer, context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    layers = [tiles.layer(name, period) for name, period in zip(("red", "lime", "blue"), MONTHS, strict=True)]
    target = tmp_path / "film.png"
    run(context, feedback, LAYERS=layers, EXTENT=WEB, OUTPUT=str(target))
    assert [middle(frame) for frame in frames(target)] == [RED, GREEN, BLUE]
    assert not feedback.warned


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("404", "404 cannot be drawn in the frame of 2023-02 .status 404., and nothing was written.*expired"),
        ("429", "status 429.*wait some minutes"),
        ("503", "status 503"),
    ],
)
def test_tiles_that_fail_are_said_and_nothing_is_written(
    tiles: TileServer,
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
    name: str,
    said: str,
) -> None:
    layers = [tiles.layer("red", MONTHS[0]), tiles.layer(name, MONTHS[1])]
    values = {"LAYERS": layers, "EXTENT": WEB, "FRAMES": str(tmp_path / "frames")}
    with pytest.raises(QgsProcessingException, match=said):
        run(context, feedback, **values, OUTPUT=str(tmp_path / "film.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_is_busy_is_asked_again(
    tiles: TileServer, context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    layer = tiles.layer("red", MONTHS[0])
    tiles.failures_left["red"] = 10  # QGIS itself asks for each of the two tiles four times
    target = tmp_path / "film.png"
    run(context, feedback, LAYERS=[layer], EXTENT=WEB, WIDTH=200, OUTPUT=str(target))
    assert [middle(frame) for frame in frames(target)] == [RED]
    assert not feedback.warned


def test_a_basemap_that_fails_is_a_warning(
    tiles: TileServer,
    three: list[QgsRasterLayer],
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
) -> None:
    target = tmp_path / "film.png"
    run(context, feedback, LAYERS=three[:2], BASEMAP=[tiles.layer("404")], OUTPUT=str(target))
    assert len(frames(target)) == 2
    assert (
        "tiles of 404 could not be drawn in the frame of 2023-01 (status 404): it has holes."
        in feedback.warned[0]
    )


def test_a_cancel_ends_it_within_a_second_while_the_window_stays_awake(
    tiles: TileServer,
    three: list[QgsRasterLayer],
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
) -> None:
    """As the dialog runs it, in a worker thread; the second frame waits for tiles that do not come."""
    slow = tiles.layer("slow", (date(2023, 1, 10), date(2023, 1, 20)))
    values = {"LAYERS": [*three, slow], "EXTENT": WEB, "OUTPUT": str(tmp_path / "film.png")}
    values["EXTENT"] = "500000,500200,3999900,4000000 [EPSG:32611]"
    values["FRAMES"] = str(tmp_path / "frames")
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)
    ended: list[bool] = []
    task.executed.connect(lambda successful, results: ended.append(successful))
    QgsApplication.taskManager().addTask(task)
    longest, before = 0.0, time.monotonic()
    stopped_at = 0.0
    begin = before
    while not ended and time.monotonic() < begin + 30:
        QCoreApplication.processEvents()
        now = time.monotonic()
        longest, before = max(longest, now - before), now
        if not stopped_at and any("/slow/" in path for path in tiles.asked) and now > begin + 1:
            feedback.cancel()
            stopped_at = now
        time.sleep(0.005)
    assert ended == [False]
    assert stopped_at
    assert time.monotonic() - stopped_at < 1
    assert longest < 0.3
    assert not list(tmp_path.glob("film*"))
    assert not list(tmp_path.glob("frames*"))


def test_it_runs_in_a_worker_thread_to_the_end(
    tiles: TileServer,
    three: list[QgsRasterLayer],
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
) -> None:
    target = tmp_path / "film.png"
    values = {"LAYERS": three, "BASEMAP": [tiles.layer("404")], "OUTPUT": str(target)}
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)
    ended: list[bool] = []
    task.executed.connect(lambda successful, results: ended.append(successful))
    QgsApplication.taskManager().addTask(task)
    begin = time.monotonic()
    while not ended and time.monotonic() < begin + 30:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    assert ended == [True]
    assert [middle(frame) for frame in frames(target)] == [RED, GREEN, BLUE]
    assert len([text for text in feedback.warned if "status 404" in text]) == 3


def test_files_of_the_plugin_know_their_dates_and_colours(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    """A folder of GeoTIFFs, without a project: the frame is the picture that the style of the recipe gives."""
    folder = tmp_path / "months"
    folder.mkdir()
    windows = [("2023-01-01", "2023-01-31"), ("2023-02-01", "2023-02-28")]
    for start, end in windows[::-1]:
        values = {"EXTENT": PLACE, "START": start, "END": end, "LIVE": False}
        toolbox.run(
            "csplus:clearcomposite", {**values, "OUTPUT": str(folder / f"{start}.tif")}, feedback=feedback
        )
    target = tmp_path / "film.png"
    bare = QgsProcessingContext()
    results = toolbox.run(
        ID, {"LAYERS": str(folder), "WIDTH": 600, "OUTPUT": str(target)}, context=bare, feedback=feedback
    )
    assert results["FRAME_COUNT"] == 2
    for (start, _), frame in zip(windows, frames(target), strict=True):
        dataset = gdal.Open(str(folder / f"{start}.tif"))
        names = [dataset.GetRasterBand(n + 1).GetDescription() for n in range(dataset.RasterCount)]
        bands = np.stack(
            [dataset.GetRasterBand(names.index(name) + 1).ReadAsArray() for name in ("B4", "B3", "B2")]
        )
        rows, columns = bands.shape[1:]
        height = round(600 * rows / columns)
        for row, column in (
            (rows // 3, columns // 3),
            (rows // 2, columns // 2),
            (2 * rows // 3, columns // 4),
        ):
            expected = bands[:, row, column] / 2500 * 255
            seen = frame[int((row + 0.5) * height / rows), int((column + 0.5) * 600 / columns)]
            assert np.abs(seen - np.clip(expected, 0, 255)).max() <= 2, (start, row, column)


def test_a_model_makes_live_layers_and_a_film_of_them(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    model = QgsProcessingModelAlgorithm("film", "tests")
    sources = []
    for name, start, end in (("a", "2023-01-01", "2023-01-31"), ("b", "2023-02-01", "2023-02-28")):
        child = QgsProcessingModelChildAlgorithm("csplus:clearcomposite")
        child.setChildId(name)
        for key, value in {"EXTENT": PLACE, "START": start, "END": end}.items():
            child.addParameterSources(key, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
        model.addChildAlgorithm(child)
        sources.append(QgsProcessingModelChildParameterSource.fromChildOutput(name, "LIVE_LAYER"))
    film = QgsProcessingModelChildAlgorithm(ID)
    film.setChildId("movie")
    film.addParameterSources("LAYERS", sources)
    film.addParameterSources("EXTENT", [QgsProcessingModelChildParameterSource.fromStaticValue(PLACE)])
    output = QgsProcessingModelOutput("film", "film")
    output.setChildId("movie")
    output.setChildOutputName("OUTPUT")
    film.setModelOutputs({"film": output})
    model.addChildAlgorithm(film)
    target = tmp_path / "film.png"
    toolbox.run(model, {"film": str(target)}, context=context, feedback=feedback)
    found = frames(target)
    assert len(found) == 2
    # Colours of land, not one colour, and not the same in both months.
    upper = [frame[: frame.shape[0] // 2] for frame in found]
    assert all(len(np.unique(frame.reshape(-1, 3), axis=0)) > 500 for frame in upper)
    assert not (upper[0] == upper[1]).all()


def test_live_layers_of_periods(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    values = {**JANUARY, "END": "2023-02-28", "PERIOD": "month"}
    made = toolbox.run("csplus:periodiccomposites", values, context=context, feedback=feedback)
    target = tmp_path / "film.png"
    results = run(context, feedback, LAYERS=made["LIVE_LAYERS"], EXTENT=PLACE, OUTPUT=str(target))
    assert (results["FRAME_COUNT"], results["FIRST_DATE"], results["LAST_DATE"]) == (
        2,
        "2023-01-01",
        "2023-02-28",
    )
    first, second = (frame[: frame.shape[0] // 2] for frame in frames(target))
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 500
    assert not (first == second).all()
