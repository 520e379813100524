#!/usr/bin/env bash
# Run the tests on QGIS 3.44 and Python 3.13: in a Debian 13 of its own under build/debian13, with a copy of this
# checkout. Nothing of this machine is changed but for the package mmdebstrap. Leaves with 3 where it cannot be made.
set -euo pipefail
cd "$(dirname "$0")/.."
root=build/debian13
log=build/debian13.log
packages=qgis,python3-qgis,python3-venv,xvfb,xauth,make,mount

say() { printf '== %s\n' "$*"; }
give_up() { say "Not tested on QGIS 3.44: $*"; exit 3; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

. /etc/os-release
[ "${ID:-}" = debian ] || give_up "a Debian 13 is made with Debian's own tools, and this is $ID."
[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || give_up "making a Debian 13 needs root, or sudo without a password."
as_root unshare --mount true 2>/dev/null || give_up "this machine allows no mounts, which a Debian 13 of its own needs."
mirror_here() { apt-get indextargets --format '$(RELEASE) $(SITE)' | awk -v here="$VERSION_CODENAME" '$1 == here { print $2; exit }'; }

if [ "$(cat $root.made 2>/dev/null)" != "$packages" ]; then
  as_root apt-get update -q >"$log" 2>&1 || give_up "the package lists cannot be had; see $log."
  mirror=$(mirror_here)
  [ -n "$mirror" ] || give_up "this machine's package sources name no $VERSION_CODENAME."
  if ! command -v mmdebstrap >/dev/null; then
    say "Installing mmdebstrap"
    as_root apt-get install -q -y --no-install-recommends mmdebstrap >"$log" 2>&1 || give_up "mmdebstrap cannot be installed; see $log."
  fi
  say "Making a Debian 13 with QGIS 3.44 in $root, from this machine's own mirror (about two minutes, 2 GB)"
  as_root rm -rf "$root"
  as_root mmdebstrap --variant=apt --aptopt='APT::Default-Release "trixie-backports"' --include="$packages" \
    trixie "$root" "deb $mirror trixie main" "deb $mirror trixie-backports main" >"$log" 2>&1 || give_up "mmdebstrap failed; see $log."
  printf '%s' "$packages" >"$root.made"
fi

say "Copying the checkout"
copy=$root/csplus
as_root mkdir -p "$copy/build"
as_root find "$copy" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read \
  | as_root tar --extract --no-same-owner --directory "$copy"
as_root install -D build/csplus.zip "$copy/build/csplus.zip"
if ! cmp -s requirements-dev.txt "$copy/.venv/requirements-dev.txt"; then
  say "Installing requirements-dev.txt for Python 3.13"
  as_root rm -rf "$copy/.venv"
  as_root chroot "$root" /usr/bin/python3 -m venv --system-site-packages --without-pip /csplus/.venv
  # By this machine's pip, which knows where packages come from here.
  as_root .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --python-version 3.13 \
    --target "$copy/.venv/lib/python3.13/site-packages" --requirement requirements-dev.txt
  as_root cp requirements-dev.txt "$copy/.venv/"
fi

# The mounts end with the command: they are its own.
as_root unshare --mount --fork sh -ec '
  mount -t proc proc "$1/proc"
  mount -t tmpfs tmpfs "$1/dev/shm"
  exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 CSPLUS_TESTS_WITHOUT_NODE=1 CSPLUS_TESTS_WITHOUT_BROWSER=1 sh -ec "
    cd /csplus
    echo \"== \$(qgis_process --version 2>/dev/null | head -n 1), \$(python3 --version)\"
    make suite"' sh "$root"
