"""Reports: charts, a table and a recipe as one HTML file that opens anywhere, offline."""
