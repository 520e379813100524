"""What to compute: choices and Earth Engine expressions. No QGIS, no network, no files."""
