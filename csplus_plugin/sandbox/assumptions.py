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
    "fastDistanceTransform with nothing near": "2 (neighborhood + 1) squared: farther than anything it can find",
    "Angle of directionalDistanceTransform": "degrees from east by north, towards which the first pixel is looked for",
    "Patches of connectedPixelCount": "of exactly equal values; masked pixels are of no patch",
    "emd of spectralDistance": "sum of the absolute differences of the running sums of both spectra",
    "Values below 0 after the shift of HARMONIZED scenes": "as the archive has them: nothing is shifted or clamped",
    "A date range whose end is not after its start": "empty, and refused by filters",
    "A missing property in Filter.expression": "makes its comparison false",
    "addBands": "keeps the id of the image that bands are added to",
    "Numbers cast to integers": "truncated, as documented; the elements of arrays are rounded, as documented too",
    "Pixel types": "the range is tracked through arithmetic; a constant has that of its value",
    "Masked pixels in NPY": "0",
    "Size of a request": "the bytes of each band's type and a mask byte; 48 MiB and 32,768 pixels a side at most",
    "Wording of errors": "the service's where it has been published, else a sentence of the same kind; status 400",
    "Order of properties": "as in the archive; of a dictionary's keys alphabetical",
    "Regular expressions that may take too long": "refused; RE2, which the service uses, would take them",
    "Pixel types of scores and class bands": "float for cs and cs_cdf; byte for SCL, TCI_* and MSK_*",
    "Versions of assets": "one, whatever is asked for",
}
"""Question to choice."""
