#!/usr/bin/env bash
# A live evening at the checkout: reservations fill the days, area by area, and the dates promised move out.
#   examples/06_promise_evening.sh [FOLDER]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
PATH="$here/../.venv/bin:$PATH"
out=${1:-example-out}
mkdir -p "$out"

python "$here/promise_evening.py" "$out/promise-evening.png" > "$out/promise-evening.json"
