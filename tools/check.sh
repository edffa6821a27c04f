#!/usr/bin/env bash
# Formatting, lints and the arrows between crates. One command mirrors what CI checks beside the tests.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
say() { printf '\n-- %s\n' "$1"; }

say "formatting"
cargo fmt --all --check
npm run --silent fmt:check
say "TypeScript: formatting, lints, types"
npx --no-install biome ci .
npm run --silent check:types
say "arrows between crates"
node tools/check-arrows.mjs
say "clippy, warnings denied"
cargo clippy --release --workspace --all-targets --locked --quiet -- -D warnings
say "documentation builds without warnings"
RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps --locked --quiet
