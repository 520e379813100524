"""Layers in QGIS: live XYZ layers, styles, provenance."""
