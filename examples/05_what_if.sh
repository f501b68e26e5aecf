#!/usr/bin/env bash
# What a live would do to hubs, dates, stock and tours if it went three times as well: on a sample, no city needed.
#   examples/05_what_if.sh [FOLDER]
set -euo pipefail
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"
out=${1:-example-out}
mkdir -p "$out"

jalon live what-if --conversion 8 --for 30                     # 3 % -> 8 % of the viewers buy, for half an hour
jalon live what-if --reach 3 --json --plot "$out/what-if.png" > "$out/what-if.json"
jalon live what-if --down NANTES --down-for 24 --weather snow  # a hub stands still, and it snows
jalon kpi                                                      # how promises of past lives were kept
