"""What Google does not document, and what the sandbox does instead.

Only the real service can answer these questions. Each is one row, so that a difference between the two can
be looked up here first.
"""

from __future__ import annotations

ASSUMPTIONS: dict[str, str] = {
    "Type of a median, mean or percentile": "double, with the range of the input",
    "Median of an even number of values": "the mean of the two middle ones",
    "Percentile between two ranks": "linear interpolation, so that 0, 50 and 100 are minimum, median and maximum",
    "Median, percentile, mode and histogram of many values": "exact: maxRaw is ignored",
    "Ties of a mode": "the smallest value",
    "Reducers that weigh": (
        "sum, mean, variance, standard deviation and histograms; "
        "median and percentile take pixels whose centre is inside"
    ),
    "Mask of a reduced collection": "the largest of the masks; masked where no image has a value, counts too",
    "Pixel types of a collection's images": "may differ: the result has their union; names of bands may not",
    "Footprint of a composite": "unbounded, so that unmask fills all of it",
    "Ties and masked quality in qualityMosaic": "the first image wins; where the quality is masked an image is out",
    "Fractional masks in a mosaic": "anything above 0 covers what is below",
    "Mask of a result of two images": "the smaller of the two masks",
    "A masked pixel in a mask image": "counts as 0",
    "Raising a mask with updateMask": "not possible: the result is the smaller of the two",
    "Values that are not a number": "masked",
    "Integers in arithmetic": "the range grows so that nothing wraps; division gives float, or double for large ones",
    "Numbers written 1 and 1.0": "the same integer constant",
    "toUint16 and its like, of numbers that are not whole": "truncated toward zero",
    "toUint16 and its like, of numbers out of range": "clamped to the range",
    "round of a half": "up, as in Java's Math.round",
    "Type of round, floor and ceil": "that of the input",
    "Properties after arithmetic": "dropped by functions of two images, kept by functions of one",
    "Coverage of a pixel by a clip": "measured at 4 x 4 points; in small regions of statistics at 16 x 16",
    "unmask within the footprint": "pixels whose centre is inside",
    "Pyramid levels": "none: the nearest pixel of the full resolution, whatever the scale",
    "resample": "masked neighbours do not count, the nearest pixel's mask decides; integers are rounded",
    "reduceResolution": "each output pixel is split into whole parts, each of which takes the nearest input pixel",
    "Kernels in meters": "by the nominal scale of the output's projection, which web mercator exaggerates",
    "Masked pixels under a focal filter": "take a value from their valid neighbours",
    "Stretching to bytes": "0 to 1 times 255, rounded; without min and max the range of the integer type, or 0 to 1",
    "linkCollection without a match": "masked bands of the types that the collection's first image has",
    "linkCollection with several matches": "the first one",
    "Comparing with a missing property": "does not pass; the client's neq is the opposite of equals, so it does",
    "Null values in aggregations": "do not count",
    "Ties in a sort": "keep their order; elements without the key come last",
    "reduceRegion without a valid pixel": "null; 0 for counts and sums",
    "Average length of a month and a year": "365.2425 / 12 and 365.2425 days",
    "If": "evaluates only the case that is chosen",
    "Buffers, areas and lengths": "on a projection centred on the geometry",
    "Error margins": "ignored: results are as exact as they can be",
    "Pixel types of scores and class bands": "float for cs and cs_cdf; byte for SCL, TCI_* and MSK_*",
    "Versions of assets": "one, whatever is asked for",
    "Size of downloads and thumbnails": "48 MiB with a mask byte, 32,768 pixels a side, as for computePixels",
    "When a thumbnail or a download is refused": "when its name is asked for; pixels are computed when it is fetched",
    "A picture without a size": "512 pixels on its longer side; an image with pixels of its own keeps those",
    "Names in a zipped download": "<prefix>.<band>.tif, or <prefix>.tif; the prefix is the index, else 'download'",
    "How long names of maps, thumbnails and tables last": "until 1000 later ones, or 64 MiB of requests",
    "Columns of a CSV": "system:index, all properties in alphabetical order, .geo; lists and objects as JSON",
    "GeoJSON with selectors": "has a geometry only where .geo is among them",
    "AND and OR in the filters of lists": "OR binds tighter, as in AIP-160; a missing property does not pass",
    "Region of a list's filter": "edges are geodesics, as in any GeoJSON that a client sends",
    "When an export is refused": "names at once; expression, size and types by the operation, which fails",
    "Exports": "one file whatever its size, over an earlier one of its name; skipEmptyTiles and shards do nothing",
    "noData of an export": "must fit the bands' type; without it, as in any GeoTIFF of the service",
    "Progress of an export": "the share of its pixels; eecuUsageSeconds is 0",
    "Cost of a request": "megapixels of bands of scenes that are drawn; neither functions nor bytes count",
    "Work, memory limit and time limit": "in proportion to the cost; exports have no limits",
    "Requests that are limited, charged and broken": "those that compute; the order of requests decides by the seed",
}
"""Question to choice."""
