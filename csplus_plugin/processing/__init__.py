"""From QGIS Processing to the parts: parameters in, layers, files and tables out."""
