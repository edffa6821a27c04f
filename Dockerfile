# One image for every service of compose.yaml: the chain, the deployer and the nodes. docs/containers.md tells how to use it.
#
#   docker build --tag enigma:local .          from source; cargo and npm fetch what they need
#   docker/prebuilt                            from the binaries that this machine has built (target `prebuilt`)
#
# `prebuilt` comes before the stages that build: a builder without BuildKit makes every stage above its target.

ARG BASE_IMAGE=debian:bookworm-slim
ARG RUST_IMAGE=rust:1.95-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim

# What the programs need to run: nothing but the C library, and an owner for the volumes.
FROM ${BASE_IMAGE} AS runtime
RUN groupadd --gid 10001 enigma && useradd --uid 10001 --gid 10001 --home-dir /nodes --shell /usr/sbin/nologin enigma \
 && mkdir -p /nodes/chain /nodes/rpc \
 && for i in $(seq 20); do mkdir -p /nodes/key-$i /nodes/worker-$i; done \
 && chmod -R u=rwX,go= /nodes && chown -R enigma:enigma /nodes
COPY docker/health /usr/local/bin/health
ENV ENIGMA_ANVIL=/usr/local/bin/anvil
USER enigma
ENTRYPOINT ["enigma"]

# From binaries in the folder `prebuilt` of the build context.
FROM runtime AS prebuilt
COPY prebuilt/ /usr/local/bin/

# The explorer, which the node carries, and the local chain's program.
FROM ${NODE_IMAGE} AS web
WORKDIR /source
COPY package.json package-lock.json ./
COPY js/enigma-js/package.json js/enigma-js/
COPY js/explorer/package.json js/explorer/
COPY examples/01-millionaires/web/package.json examples/01-millionaires/web/
COPY examples/02-sealed-bid-auction/web/package.json examples/02-sealed-bid-auction/web/
COPY examples/03-confidential-token/web/package.json examples/03-confidential-token/web/
COPY examples/04-coin-mixer/web/package.json examples/04-coin-mixer/web/
COPY examples/05-secret-ballot/web/package.json examples/05-secret-ballot/web/
RUN npm ci --no-audit --no-fund
COPY js js
RUN npm run --silent build -w enigma-js && npm run --silent build -w enigma-explorer \
 && cp node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil /anvil

# The binary and both enclaves' programs.
FROM ${RUST_IMAGE} AS build
WORKDIR /source
COPY . .
COPY --from=web /source/js/explorer/dist js/explorer/dist
RUN cargo build --release --locked

FROM runtime AS enigma
COPY --from=web /anvil /usr/local/bin/
COPY --from=build /source/target/release/enigma /source/target/release/enigma-worker-enclave \
     /source/target/release/enigma-key-enclave /usr/local/bin/
