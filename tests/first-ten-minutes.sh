#!/usr/bin/env bash
# The first ten minutes, as a newcomer has them: a fresh clone, the commands of README.md in their order, and at the end
# one's own contract called from a page in a browser. Prints the time of each step and leaves nothing behind.
#
# tests/first-ten-minutes.sh [--here | CLONE]
#
# It clones this checkout, so what is not committed is not in it; `--here` uses this checkout instead, which in CI is a
# fresh clone already. CARGO_TARGET_DIR may be shared to save the build of the dependencies; ENIGMA_PORT_BASE moves the
# network to other ports than the README's. CHROMIUM names a browser.
set -euo pipefail
checkout="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d "${TMPDIR:-/tmp}/enigma-first-XXXXXX")"
clone="$work/enigma"
unset ENIGMA_DATA_DIR ENIGMA_ROOT ENIGMA_BIN ENIGMA

leave() {
  local code=$?
  trap - EXIT INT TERM
  if [ -e "${ENIGMA_DATA_DIR:-$clone/.enigma}/network.json" ]; then (cd "$clone" && ./enigma down >/dev/null) || true; fi
  rm -rf -- "$work"
  exit "$code"
}
trap leave EXIT
trap 'exit 130' INT TERM

started=$SECONDS
step() { printf '\n== %s (%d s)\n' "$1" "$((SECONDS - started))"; }

if [ "$#" -gt 0 ]; then
  if [ "$1" = --here ]; then clone="$checkout"; else clone="$(cd -- "$1" && pwd)"; fi
  export ENIGMA_DATA_DIR="$work/network"
else
  step "git clone"
  git clone --quiet -- "$checkout" "$clone"
fi
cd "$clone"

# The README's shell blocks, one after the other in one shell, as they are typed. Each tells when it begins.
script="$(awk '
  /^```sh/ { block += 1; on = 1; printf "step \"README.md, block %d\"\n", block; next }
  /^```/   { on = 0 }
  on
' README.md)"
grep -q 'enigma new' <<<"$script" || { echo "README.md makes no dApp of one's own any more" >&2; exit 1; }
# A dApp of one's own does not lie in the checkout, but beside it.
script="${script//..\/my-dapp/$work\/my-dapp}"
if [ -n "${ENIGMA_PORT_BASE:-}" ]; then
  script="${script//enigma up --detach/enigma up --detach --port-base $ENIGMA_PORT_BASE}"
fi
eval "$script"

step "the page, in a browser"
node "$clone/tests/first-ten-minutes.mjs" "$work/my-dapp/dist"
step "done"
