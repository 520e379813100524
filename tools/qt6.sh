#!/usr/bin/env bash
# What can be known of QGIS 4 without it: QGIS's own porting script finds nothing to change in the package, and every Qt
# and QGIS name that the plugin uses is declared in PyQt6 and PyQGIS. Qt 6 goes into a venv of its own, build/qt6.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/qt6

if ! cmp -s requirements-qt6.txt $venv/requirements-qt6.txt; then
  rm -rf $venv
  /usr/bin/python3 -m venv $venv
  # The porting script asks for Python 3.12 and runs on 3.11.
  $venv/bin/python -m pip install --quiet --disable-pip-version-check --ignore-requires-python --requirement requirements-qt6.txt
  cp requirements-qt6.txt $venv/
fi

# It edits in place, so it gets a copy; without QGIS in its venv it knows Qt's names only.
copy=build/qt6-copy
rm -rf $copy
cp -r build/package/csplus $copy
rm -rf $copy/csplus_plugin/vendor
QT_QPA_PLATFORM=offscreen $venv/bin/python -m pyqt5to6.pyqt5to6 $copy || { diff -r --exclude vendor build/package/csplus $copy || true; exit 1; }
echo "QGIS's porting script to Qt 6 finds nothing to change"
$venv/bin/python tools/check_qt6.py $venv/lib/python*/site-packages
