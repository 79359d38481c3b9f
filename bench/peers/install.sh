#!/usr/bin/env bash
# Builds and installs the peers that the benchmarks compare with; what stands is left alone. Mercure and its modules come
# through the Go module proxy (a few minutes, once), Fastify and React through npm, nginx and wrk from the distribution.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source scripts/setup.d/system.sh

MERCURE_VERSION=v0.24.2
PEERS="${PORTICO_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/portico/peers}"

# A scratch module with a pinned `require` resolves where `go install module@version` does not: Mercure's command is a
# module of its own whose `replace` lines `go install` refuses.
build_mercure() {
  local work
  work=$(mktemp -d)
  (
    cd "$work"
    printf 'module peer\n\ngo 1.24\n' >go.mod
    printf '//go:build tools\n\npackage tools\n\nimport _ "github.com/dunglas/mercure/caddy/mercure"\n' >tools.go
    go mod edit -require="github.com/dunglas/mercure@$MERCURE_VERSION" -require="github.com/dunglas/mercure/caddy@$MERCURE_VERSION"
    go get golang.org/x/crypto/x509roots/fallback@latest
    go build -mod=mod -p 1 -trimpath -ldflags '-s -w' -o "$PEERS/mercure" github.com/dunglas/mercure/caddy/mercure
  )
  rm -rf "$work"
}

install_mercure() {
  if [ "$(cat "$PEERS/mercure.version" 2>/dev/null)" = "$MERCURE_VERSION" ]; then return; fi
  have go || system_package "Go, to build Mercure" golang-go || { note "no Go: the comparison with Mercure is left out"; return; }
  mkdir -p "$PEERS"
  if announce "Mercure $MERCURE_VERSION (about 6 minutes on two cores)" build_mercure; then
    echo "$MERCURE_VERSION" >"$PEERS/mercure.version"
  else
    note "Mercure could not be built: the comparison with it is left out"
  fi
}

install_load_tools() {
  have wrk && have nginx || [ -x /usr/sbin/nginx ] && have wrk || system_package "nginx and wrk" nginx-light wrk ||
    fail "nginx and wrk are needed. Install both (Debian: apt-get install nginx-light wrk)."
  have brotli || [ -n "$(node -p 'typeof require("zlib").brotliCompressSync')" ] || fail "Node.js without brotli"
}

case "${1:-all}" in
  mercure) install_mercure ;;
  *)
    install_load_tools
    npm_ci_peer() { npm ci --prefix bench/peers/fastify-react --loglevel error; }
    [ -d bench/peers/fastify-react/node_modules/fastify ] || announce "Fastify and React" npm_ci_peer
    install_mercure
    ;;
esac
