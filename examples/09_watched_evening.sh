#!/usr/bin/env bash
# An evening of orders from a shop and from a live, their dates, and what their buyers are told when a hub closes.
#   examples/09_watched_evening.sh [FOLDER]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
PATH="$here/../.venv/bin:$PATH"
out=${1:-example-out}
mkdir -p "$out"

# The shop's and the live's platforms are the ones the tests talk to, on this machine.
PYTHONPATH="$here/.." python "$here/watched_evening.py" > "$out/watched-evening.json"
