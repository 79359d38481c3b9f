#!/usr/bin/env bash
# Installs the peers that the benchmarks compare with; what stands is left alone. nginx and wrk come from the distribution,
# Fastify and React through npm, Mercure, Centrifugo and oauth2-proxy through the Go module proxy, built once.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source scripts/setup.d/system.sh
source scripts/setup.d/packages.sh

MERCURE_VERSION=v0.24.2
CENTRIFUGO_VERSION=v6.9.1
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

# A server whose module has `replace` lines, which `go install` refuses: its name, version, package, and what its module has to require.
install_from_module() {
  local name=$1 version=$2 package=$3
  shift 3
  if [ "$(cat "$PEERS/$name.version" 2>/dev/null)" = "$version" ]; then return; fi
  mkdir -p "$PEERS"
  have go || system_package "Go, to build $name" golang-go || true
  if have go && announce "$name $version, compiled once into $PEERS (about 5 minutes on two cores)" build_in_scratch "$name" "$package" "$@"; then
    echo "$version" >"$PEERS/$name.version"
  else
    note "$name could not be built: events are measured without that peer"
  fi
}

# A scratch module with a pinned `require` resolves where `go install module@version` does not.
build_in_scratch() {
  local name=$1 package=$2 work
  shift 2
  work=$(mktemp -d)
  (
    set -e
    cd "$work"
    printf 'module peer\n\ngo 1.24\n' >go.mod
    printf '//go:build tools\n\npackage tools\n\nimport _ "%s"\n' "$package" >tools.go
    for module in "$@"; do go mod edit -require="$module"; done
    # Mercure's Caddy wants the roots of x509 in their latest version.
    [ "$name" != mercure ] || go get golang.org/x/crypto/x509roots/fallback@latest
    go build -mod=mod -trimpath -ldflags '-s -w' -o "$PEERS/$name" "$package"
  )
  local status=$?
  chmod -R u+w "$work"
  rm -rf "$work"
  return "$status"
}

install_mercure() {
  local module=github.com/dunglas/mercure
  install_from_module mercure "$MERCURE_VERSION" "$module/caddy/mercure" "$module@$MERCURE_VERSION" "$module/caddy@$MERCURE_VERSION"
}

install_centrifugo() {
  local module=github.com/centrifugal/centrifugo/v6
  install_from_module centrifugo "$CENTRIFUGO_VERSION" "$module" "$module@$CENTRIFUGO_VERSION"
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
install_centrifugo
