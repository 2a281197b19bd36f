#!/bin/sh
# Vendors the WASI packages that our worlds are made of into wit/deps, exactly as the pinned wasmtime ships them.
# `make wit` runs it; with --check it changes nothing and fails when what is vendored has drifted.
set -eu

WASMTIME=48.0.8

cd "$(dirname "$0")"
manifest=$(cargo metadata --locked --format-version 1 --manifest-path ../Cargo.toml |
    python3 -c 'import json, sys
for package in json.load(sys.stdin)["packages"]:
    if package["name"] == "wasmtime-wasi-http" and package["version"] == sys.argv[1]:
        print(package["manifest_path"])' "$WASMTIME")
[ -n "$manifest" ] || { echo "vendor.sh: wasmtime-wasi-http $WASMTIME is not in Cargo.lock" >&2; exit 1; }
source=$(dirname "$manifest")/wit/deps

if [ "${1:-}" = --check ]; then
    exec diff -r "$source" deps
fi
rm -rf deps
cp -R "$source" deps
chmod -R u+w deps
