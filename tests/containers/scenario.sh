#!/usr/bin/env bash
# What the composed network promises, on the engine of DOCKER_HOST with the image enigma:test. Called by engine.sh.
set -euo pipefail
root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)"
work="$ENIGMA_TEST_WORK"
step() { printf '\n== %s (%d s)\n' "$1" "$(($(date +%s) - ENIGMA_TEST_STARTED))"; }
fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }

export ENIGMA_IMAGE=enigma:test ENIGMA_CHAIN_PORT=23045 ENIGMA_API_PORT=23006 ENIGMA_ROOT="$root"
export COMPOSE_PROJECT_NAME=enigma-test COMPOSE_HTTP_TIMEOUT=180 COMPOSE_DOCKER_CLI_BUILD=0
export ENIGMA_DATA_DIR="$work/client"
api="http://127.0.0.1:$ENIGMA_API_PORT"
# Nothing that takes longer is healthy, seconds.
patience=120
# How long a task may take whose first worker is away: less than an epoch, so that only a takeover can be in time.
takeover=45
nodes=(key-1 key-2 key-3 key-4 worker-1 worker-2 worker-3 rpc)

if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
compose() { "${compose[@]}" --file "$root/compose.yaml" --project-directory "$root" "$@"; }
container() { compose ps --quiet "$1"; }
enigma() { "$CARGO_TARGET_DIR/release/enigma" "$@"; }
ask() { node "$root/tests/containers/ask.mjs" "$api" "$@"; }

leave() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ]; then
    compose ps || true
    compose logs --no-color --tail 400 >"$work/compose.log" 2>&1 || true
    tail -40 "$work/compose.log"
  fi
  compose down --volumes --timeout 20 >>"$work/down.log" 2>&1 || { tail -5 "$work/down.log"; code=1; }
  exit "$code"
}
trap leave EXIT

# Waits until these services are healthy.
healthy() {
  local service state deadline=$((SECONDS + patience))
  for service in "$@"; do
    until state="$(docker inspect --format '{{.State.Health.Status}}' "$(container "$service")")" && [ "$state" = healthy ]; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        docker inspect --format '{{json .State}}' "$(container "$service")" | head -c 2000
        fail "$service is $state after $patience s"
      fi
      sleep 0.3
    done
  done
}

# Adds to the counter, and requires what it returns: a task that was lost or done twice would show.
add() { # AMOUNT TOTAL [ARGUMENT]…
  local told
  told="$(enigma call "$contract" "add(uint256)(uint256)" "$1" --from 1 "${@:3}")" || fail "add $1 was not committed"
  [ "$told" = "$2" ] || fail "add $1 returned $told, expected $2"
}

# The same in private, through the published API.
require_total() { # TOTAL
  local told
  told="$(enigma read "$contract" "read()(uint256)" --from 2)"
  [ "$told" = "$1" ] || fail "the total is $told, expected $1"
}

step "compose up"
begin=$SECONDS
compose up -d --no-build >"$work/up.log" 2>&1 || { tail -20 "$work/up.log"; fail "compose up"; }
healthy chain "${nodes[@]}"
printf 'all healthy after %d s\n' "$((SECONDS - begin))"
deployer="$(docker inspect --format '{{.State.ExitCode}}' "$(compose ps --all --quiet deployer 2>/dev/null || container deployer)")"
[ "$deployer" = 0 ] || fail "the deployer ended with $deployer"

step "names are looked up on the nodes' own network, and nothing leads out of it"
docker network inspect --format '{{.Internal}}' enigma-test_peers | grep -qx true || fail "peers is not internal"
compose exec -T worker-1 getent hosts key-1.peers worker-2.peers rpc.peers
if compose exec -T chain getent hosts worker-1.peers; then fail "the chain is on the nodes' network"; fi
ask connected 8

step "a task and a read, from the host"
mkdir -p "$ENIGMA_DATA_DIR"
compose exec -T rpc cat /nodes/rpc/network.json >"$ENIGMA_DATA_DIR/network.json"
enigma status
contract="$(cd "$root" && enigma deploy tests/fixtures/Counter.sol:Counter)"
add 7 7
require_total 7
ask page

step "the first worker of the contract and a key node go away"
# Not at the end of an epoch, where another draw would come to the rescue.
ask until-blocks-left "$takeover"
epoch="$(ask epoch)"
compose exec -T rpc cat /nodes/rpc/node.json >"$work/node.json"
first="$(ask first "$contract" "$work/node.json")"
printf 'stopped: %s, which is drawn first in epoch %s, and key-2\n' "$first" "$epoch"
docker stop "$(container "$first")" "$(container key-2)" >/dev/null

step "tasks go on"
begin=$SECONDS
add 35 42 --timeout "$takeover"
printf 'committed after %d s\n' "$((SECONDS - begin))"
ask taken-over "$contract" 2 "$epoch" "$first" "$work/node.json"
require_total 42

step "both come back"
begin=$SECONDS
docker start "$(container "$first")" "$(container key-2)" >/dev/null
healthy "${nodes[@]}"
printf 'all healthy after %d s\n' "$((SECONDS - begin))"
ask connected 8
add 8 50

step "compose down, and up again on the same data"
begin=$SECONDS
compose down --timeout 20 >"$work/down.log" 2>&1 || fail "compose down"
compose up -d --no-build >"$work/up.log" 2>&1 || { tail -20 "$work/up.log"; fail "compose up, the second time"; }
healthy chain "${nodes[@]}"
printf 'down and all healthy again after %d s\n' "$((SECONDS - begin))"
require_total 50
add 50 100

step "compose down"
compose down --volumes --timeout 20 >"$work/down.log" 2>&1 || { tail -5 "$work/down.log"; fail "compose down"; }
[ -z "$(docker volume ls --quiet)" ] || fail "volumes are left"
