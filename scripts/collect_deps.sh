#!/usr/bin/env bash
# Collects what scripts/gpu_check.sh needs on a machine without network: the headers and libraries of
# the Debian packages that the build uses, unpacked into a folder, and simdjson (under 60 MB). Runs on
# a Debian with network, after scripts/setup.sh; needs no root. The machine needs the CUDA Toolkit and
# PyTorch 2.11 itself.
#
#   scripts/collect_deps.sh FOLDER
set -euo pipefail
simdjson=$(cd "$(dirname "$0")/.." && pwd)/.deps/simdjson
[[ -e $simdjson/simdjson.cpp ]] || { echo "$simdjson/simdjson.cpp is not there: run scripts/setup.sh first" >&2; exit 1; }
folder=$(mkdir -p "${1:?a folder wanted}" && cd "$1" && pwd)

packages=(catch2 libcli11-dev libeigen3-dev libfmt-dev libxxhash-dev zlib1g-dev)
# fmt's CMake files ask for its shared library, whose package has the version in its name.
mapfile -t -O ${#packages[@]} packages < <(apt-cache depends libfmt-dev | sed -n 's/^ *Depends: \(libfmt[0-9.]*\)$/\1/p')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download "${packages[@]}"
for package in *.deb; do dpkg -x "$package" "$folder"; done
cp -rT "$simdjson" "$folder/simdjson"
rm -rf "$folder"/usr/share/{doc,man,bug,lintian,doc-base}
# Links to shared libraries that are not collected, so that the static ones are found.
find "$folder" -type l \( -xtype l -o -lname "/*" \) -delete
du -sh "$folder"
