#!/usr/bin/env bash
# Installs the peers that the benchmarks compare with; what stands is left alone. nginx and wrk come from the distribution,
# Fastify and React through npm, Mercure and oauth2-proxy through the Go module proxy, built once.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source scripts/setup.d/system.sh
source scripts/setup.d/packages.sh

MERCURE_VERSION=v0.24.2
OAUTH2_PROXY_VERSION=v7.15.3
PEERS="${PORTICO_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/portico/peers}"

install_load_tools() {
  if have wrk && { have nginx || [ -x /usr/sbin/nginx ]; }; then return; fi
  system_package "nginx and wrk" nginx-light wrk ||
    fail "nginx and wrk are needed. Install both (Debian: apt-get install nginx-light wrk)."
}

install_fastify() {
  npm_ci bench/peers/fastify-react
  npm run --silent --prefix bench/peers/fastify-react build
}

install_mercure() {
  if [ "$(cat "$PEERS/mercure.version" 2>/dev/null)" = "$MERCURE_VERSION" ]; then return; fi
  mkdir -p "$PEERS"
  have go || system_package "Go, to build Mercure" golang-go || true
  if have go && announce "Mercure $MERCURE_VERSION, compiled once into $PEERS (about 6 minutes on two cores)" build_mercure; then
    echo "$MERCURE_VERSION" >"$PEERS/mercure.version"
  else
    note "Mercure could not be built: events are measured without their peer"
  fi
}

# A scratch module with a pinned `require` resolves where `go install module@version` does not: Mercure's command is a
# module of its own with `replace` lines, which `go install` refuses. Its Caddy also wants the roots of x509.
build_mercure() {
  local work
  work=$(mktemp -d)
  (
    set -e
    cd "$work"
    printf 'module peer\n\ngo 1.24\n' >go.mod
    printf '//go:build tools\n\npackage tools\n\nimport _ "github.com/dunglas/mercure/caddy/mercure"\n' >tools.go
    go mod edit -require="github.com/dunglas/mercure@$MERCURE_VERSION" -require="github.com/dunglas/mercure/caddy@$MERCURE_VERSION"
    go get golang.org/x/crypto/x509roots/fallback@latest
    go build -mod=mod -trimpath -ldflags '-s -w' -o "$PEERS/mercure" github.com/dunglas/mercure/caddy/mercure
  )
  local status=$?
  chmod -R u+w "$work"
  rm -rf "$work"
  return "$status"
}

# oauth2-proxy, what people put before a service today.
install_oauth2_proxy() {
  if [ "$(cat "$PEERS/oauth2-proxy.version" 2>/dev/null)" = "$OAUTH2_PROXY_VERSION" ]; then return; fi
  mkdir -p "$PEERS"
  have go || system_package "Go, to build oauth2-proxy" golang-go || true
  if have go && announce "oauth2-proxy $OAUTH2_PROXY_VERSION, compiled once into $PEERS (about 3 minutes on two cores)" \
    env GOBIN="$PEERS" GOFLAGS=-trimpath go install "github.com/oauth2-proxy/oauth2-proxy/v7@$OAUTH2_PROXY_VERSION" &&
    mv "$PEERS/v7" "$PEERS/oauth2-proxy" 2>/dev/null || [ -x "$PEERS/oauth2-proxy" ]; then
    echo "$OAUTH2_PROXY_VERSION" >"$PEERS/oauth2-proxy.version"
  else
    note "oauth2-proxy could not be built: calls are measured without that peer"
  fi
}

# Nchan, the fastest of those that push events: nginx with a module.
install_nchan() {
  [ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] ||
    system_package "nginx with Nchan" nginx-light libnginx-mod-nchan ||
    note "Nchan is missing (Debian: apt-get install libnginx-mod-nchan): events are measured without that peer"
}

install_load_tools
install_nchan
install_fastify
install_oauth2_proxy
install_mercure
