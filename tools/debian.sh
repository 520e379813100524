#!/usr/bin/env bash
# Install what the plugin's demo and tests need on Debian 12 or 13, and say what is done. Does nothing where all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
have() { dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

. /etc/os-release
packages=(qgis python3-qgis python3-venv xvfb)
# The tests open reports in a browser, and run scripts for the Code Editor in Node; those from elsewhere are as good.
command -v chromium >/dev/null || packages+=(chromium)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
# Windows are looked at in Japanese, too; the smallest of its fonts, unless there is one.
command -v fc-list >/dev/null && fc-list :lang=ja | grep -q . || packages+=(fonts-vlgothic)
missing=()
for package in "${packages[@]}"; do have "$package" || missing+=("$package"); done

if [ ${#missing[@]} -gt 0 ]; then
  if [ "${ID:-}" != debian ]; then
    say "Not Debian: please install QGIS 3.40 or later with Python, and ${missing[*]}, then run this again."
    exit 1
  fi
  as_root apt-get update -q
  release=()
  if [ "$VERSION_ID" = 12 ]; then
    # Debian 12's own QGIS is 3.22; its backports have 3.40. The mirror is the one this machine uses already.
    release=(-t bookworm-backports)
    if ! apt-get indextargets --format '$(RELEASE)' | grep -qx bookworm-backports; then
      mirror=$(apt-get indextargets --format '$(RELEASE) $(SITE)' | awk '$1 == "bookworm" { print $2; exit }')
      say "Adding bookworm-backports from this machine's own mirror"
      [ -n "$mirror" ] || { say "This machine's package sources name no bookworm: please add bookworm-backports."; exit 1; }
      echo "deb $mirror bookworm-backports main" | as_root tee /etc/apt/sources.list.d/bookworm-backports.list >/dev/null
      as_root apt-get update -q
    fi
  fi
  say "Installing ${missing[*]} (QGIS takes about a minute)"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${release[@]}" "${missing[@]}"
fi

if [ ! -x .venv/bin/python ]; then
  say "Making .venv, with QGIS's Python and packages"
  /usr/bin/python3 -m venv --system-site-packages .venv
fi
for list in requirements-dev.txt requirements-lint.txt; do
  if ! cmp -s "$list" ".venv/$list"; then
    say "Installing $list into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$list"
    cp "$list" ".venv/$list"
  fi
done
if ! cmp -s tests/javascript/package-lock.json tests/javascript/node_modules/installed-lock.json; then
  say "Installing the Earth Engine client for JavaScript into tests/javascript"
  (cd tests/javascript && npm ci --silent && cp package-lock.json node_modules/installed-lock.json)
fi
say "Ready: $(qgis_process --version 2>/dev/null | head -n 1)"
