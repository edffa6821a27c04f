#!/usr/bin/env bash
# The composed network on a real Docker engine: all services healthy, tasks from the host, tasks on while a worker and a key
# node are away, both back, nothing left. docs/containers.md is the manual of what is tested here.
#
# tests/containers.sh
#
# The engine is the test's own and runs in network, mount and process namespaces of its own, with its data in a temporary
# folder: no other engine, interface or firewall rule of this machine is touched, and whatever happens ends with it. It needs
# root; missing packages are installed where apt-get is. Where no engine can be started the test says why and is skipped;
# with ENIGMA_CONTAINERS=required that is a failure.
#
# The image is made of the release build (CARGO_TARGET_DIR) on a base of Debian's own packages, kept in the user's cache.
set -euo pipefail
root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/enigma/containers"
base="$cache/bookworm-minbase.tar"
started=$SECONDS
step() { printf '\n== %s (%d s)\n' "$1" "$((SECONDS - started))"; }
skip() {
  printf '\nskipped: no container engine can be started here: %s\n' "$1"
  [ "${ENIGMA_CONTAINERS:-}" != required ] || exit 1
  exit 0
}

# What is needed, or why it is not there.
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || skip "it takes Linux on x86-64"
[ "$(id -u)" = 0 ] || skip "it takes root"
missing() {
  local program package
  for pair in dockerd:docker.io docker:docker.io docker-compose:docker-compose debootstrap:debootstrap \
    iptables:iptables ip:iproute2 unshare:util-linux; do
    program="${pair%%:*}" package="${pair#*:}"
    command -v "$program" >/dev/null || printf '%s\n' "$package"
  done | sort -u
}
mapfile -t packages < <(missing)
if [ "${#packages[@]}" -gt 0 ]; then
  step "packages: ${packages[*]}"
  command -v apt-get >/dev/null || skip "${packages[*]} missing, and no apt-get to install them"
  log="$(mktemp)"
  # Nobody starts an engine for it: the test brings its own.
  { apt-get update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 || { tail -5 "$log"; rm -f "$log"; skip "apt-get failed"; }
  rm -f "$log"
fi
isolated=(unshare --net --mount --pid --fork --kill-child --mount-proc)
"${isolated[@]}" true 2>/dev/null || skip "this machine gives no namespaces"

if [ ! -s "$base" ]; then
  step "base image, from Debian's packages (once)"
  mkdir -p "$cache"
  rootfs="$(mktemp -d "${TMPDIR:-/tmp}/enigma-rootfs-XXXXXX")"
  trap 'rm -rf -- "$rootfs" "$base.$$"' EXIT
  # In a namespace of its own: what it mounts there is gone when it ends.
  unshare --mount debootstrap --variant=minbase bookworm "$rootfs" >"$cache/debootstrap.log" 2>&1 \
    || { tail -5 "$cache/debootstrap.log"; skip "debootstrap failed"; }
  tar -C "$rootfs" --exclude='./var/cache/apt/archives/*.deb' --exclude='./var/lib/apt/lists/*' -cf "$base.$$" .
  mv -- "$base.$$" "$base"
  rm -rf -- "$rootfs"
  trap - EXIT
fi

if [ -z "${ENIGMA_BIN:-}" ]; then
  step "release build"
  "$root/enigma" --version
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
else
  CARGO_TARGET_DIR="$(cd -- "$(dirname -- "$ENIGMA_BIN")/.." && pwd)"
  export CARGO_TARGET_DIR
fi

work="$(mktemp -d "${TMPDIR:-/tmp}/enigma-containers-XXXXXX")"
engine=
# What names the test's folder or its control groups and is still there.
leftovers() {
  grep -lF -- "$work/" /proc/[0-9]*/cmdline 2>/dev/null || true
  grep -F -- "$work/" /proc/self/mounts || true
  find /sys/fs/cgroup -type d -name "${work##*/}"
}
leave() {
  local code=$?
  trap - EXIT INT TERM
  # The first process of the namespaces takes everything in them along.
  if [ -n "$engine" ] && kill -KILL "$engine" 2>/dev/null; then wait "$engine" 2>/dev/null || true; fi
  find /sys/fs/cgroup -depth -type d -path "*/${work##*/}*" -exec rmdir -- {} + 2>/dev/null || true
  rm -rf -- "$work"
  exit "$code"
}
trap leave EXIT
trap 'exit 130' INT TERM

export ENIGMA_TEST_WORK="$work" ENIGMA_TEST_BASE="$base" ENIGMA_TEST_STARTED="$(($(date +%s) - SECONDS + started))"
"${isolated[@]}" "$root/tests/containers/engine.sh" &
engine=$!
code=0
wait "$engine" || code=$?
engine=
if [ -s "$work/no-engine" ]; then skip "$(cat "$work/no-engine")"; fi
[ "$code" = 0 ] || exit "$code"

step "nothing is left"
find /sys/fs/cgroup -depth -type d -path "*/${work##*/}*" -exec rmdir -- {} + 2>/dev/null || true
left="$(leftovers)"
[ -z "$left" ] || { printf 'left behind:\n%s\n' "$left" >&2; exit 1; }
rm -rf -- "$work"
[ ! -e "$work" ] || exit 1
step "done"
