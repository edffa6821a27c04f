#!/usr/bin/env bash
# Every test of the project. Called by `./enigma test`, which has set up packages and the release build. The pages' tests
# need Chromium (Debian: apt-get install chromium; CHROMIUM names another).
# Arguments go to the Rust test runner: `./enigma test -p enigma-evm`.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
say() { printf '\n-- %s\n' "$1"; }

if [ "$#" -eq 0 ]; then
  say "contracts: unit, fuzz and invariant tests"
  npm run --silent test
  say "contracts: golden storage layout, artefacts, gas"
  npm run --silent layout -- --check
  npm run --silent artifacts -- --check
  npm run --silent gas -- --check
  say "enigma-js and the explorer: unit tests, golden vectors, a local network"
  npm run --silent test -w enigma-js
  npm run --silent test -w enigma-explorer
  say "enigma-js: size and speed"
  npm run --silent bench:check -w enigma-js
  say "pages, clicked in a browser"
  npm run --silent test:browser
  say "documentation: links, every code block, the first ten minutes"
  node tools/docs.mjs --run
  tests/first-ten-minutes.sh --here
  set -- --workspace
fi

say "Rust: unit, property, enclave and end-to-end tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --release --locked --no-fail-fast "$@"
else
  cargo test --release --locked --no-fail-fast "$@"
fi
