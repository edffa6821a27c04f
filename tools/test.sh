#!/usr/bin/env bash
# Every test of the project. Called by `./enigma test`, which has set up packages and the release build.
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
  set -- --workspace
fi

say "Rust: unit, property, enclave and end-to-end tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --release --locked --no-fail-fast "$@"
else
  cargo test --release --locked --no-fail-fast "$@"
fi
