#!/usr/bin/env bash
# Called by tests/containers.sh, as the first process of namespaces of its own: starts the engine, makes the image, runs the
# scenario, stops the engine. Leaves its reason in $ENIGMA_TEST_WORK/no-engine if there is none.
set -euo pipefail
root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)"
work="$ENIGMA_TEST_WORK"
step() { printf '\n== %s (%d s)\n' "$1" "$(($(date +%s) - ENIGMA_TEST_STARTED))"; }
none() { printf '%s\n' "$1" >"$work/no-engine"; exit 0; }

# A fresh network namespace has a loopback device that is down; a fresh /run keeps clear of another engine's files.
ip link set lo up || none "no loopback device"
mount -t tmpfs tmpfs /run || none "nothing can be mounted"

step "engine"
export DOCKER_HOST="unix://$work/docker.sock" DOCKER_BUILDKIT=0 DOCKER_CONFIG="$work/docker-config"
mkdir -p "$DOCKER_CONFIG"
dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" --host "$DOCKER_HOST" \
  --cgroup-parent "/${work##*/}" >"$work/dockerd.log" 2>&1 &
dockerd=$!
deadline=$((SECONDS + 60))
until docker version >/dev/null 2>&1; do
  if ! kill -0 "$dockerd" 2>/dev/null; then none "$(grep -v level=info "$work/dockerd.log" | tail -1)"; fi
  [ "$SECONDS" -lt "$deadline" ] || none "dockerd did not answer within a minute"
  sleep 0.1
done
docker version --format 'engine {{.Server.Version}}'
docker import "$ENIGMA_TEST_BASE" debian:bookworm-slim >/dev/null
if ! docker run --rm --network none debian:bookworm-slim true >"$work/first.log" 2>&1; then
  none "it runs no container: $(tail -1 "$work/first.log")"
fi

step "image, from this machine's binaries"
ENIGMA_IMAGE=enigma:test "$root/docker/prebuilt" --quiet >"$work/image.log" 2>&1 || { cat "$work/image.log"; exit 1; }
docker image inspect --format 'size {{.Size}}' enigma:test

code=0
"$root/tests/containers/scenario.sh" || code=$?
if [ "$code" != 0 ] && [ -n "${ENIGMA_TEST_LOGS:-}" ]; then
  mkdir -p "$ENIGMA_TEST_LOGS" && cp "$work"/*.log "$ENIGMA_TEST_LOGS/"
fi

step "engine stops"
[ -z "$(docker ps --all --quiet)" ] || { docker ps --all; code=1; }
kill "$dockerd"
wait "$dockerd" || true
exit "$code"
