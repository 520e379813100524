#!/usr/bin/env bash
# The Cloud Score+ dataset page's example on the embedded sandbox, through qgis_process: the plain median and the clear
# one, and a picture of both by QGIS.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/environment.sh
out=build/demo
mkdir -p "$out"

run() { # run NAME [PARAMETER=VALUE ...]
  printf '== %s\n' "$1"
  qgis_process run csplus:clearcomposite -- \
    EXTENT='-119.9300,-119.8874,37.3990,37.4328 [EPSG:4326]' START=2023-01-01 END=2023-01-31 \
    QA_BAND=cs_cdf METHOD=median BANDS=B4,B3,B2 LIVE=false OUTPUT="$out/$1.tif" "${@:2}"
}

export CSPLUS_ENDPOINT=sandbox
run plain_median THRESHOLD=0 UNSCORED_POLICY=keep
run clear_composite THRESHOLD=0.60
.venv/bin/python tools/picture.py "$out/clear_composite.png" 2 130 \
  "Plain median, January 2023=$out/plain_median.tif" "Clear median: cs_cdf ≥ 0.60=$out/clear_composite.tif"

echo "== a year of months"
qgis_process run csplus:periodiccomposites -- EXTENT='-119.9300,-119.8874,37.3990,37.4328 [EPSG:4326]' \
  START=2023-01-01 END=2023-12-31 PERIOD=month BANDS=B4,B3,B2 LIVE=false OUTPUT_FOLDER="$out/months"
months=()
for file in "$out"/months/*.tif; do
  name=$(basename "$file" .tif)
  months+=("${name#clearcomposite_}=$file")
done
.venv/bin/python tools/picture.py "$out/months.png" 6 38 "${months[@]}"
printf '== %s\n' "$out/clear_composite.tif" "$out/clear_composite.png" "$out/months.png"
