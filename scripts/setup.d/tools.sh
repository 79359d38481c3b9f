# shellcheck shell=bash
# Tools that are compiled, each once, into PORTICO_TOOLS; .crates.toml there says which version of cargo's stands.

CARGO_LEPTOS_VERSION=0.3.11
CARGO_DENY_VERSION=0.20.2
BINARYEN_VERSION=132.0.0
OPA_VERSION=1.22.4

install_build_tools() {
  # `no_downloads`: what cargo-leptos needs is on PATH, or it says so; it never fetches a program by itself.
  install_crate cargo-leptos "$CARGO_LEPTOS_VERSION" "about 7 minutes on two cores" --features no_downloads
  # The command line and the crate speak a private format: the versions have to be equal.
  install_crate wasm-bindgen-cli "$(locked_version wasm-bindgen)" "about 2 minutes on two cores" --no-default-features
  install_wasm_opt
  link_cargo_leptos
}

install_cargo_deny() {
  install_crate cargo-deny "$CARGO_DENY_VERSION" "about 2 minutes on two cores"
}

locked_version() { grep -A 1 "^name = \"$1\"$" Cargo.lock | sed -n 's/^version = "\(.*\)"/\1/p' | head -n 1; }

# install_crate NAME VERSION HOW_LONG OPTIONS...
install_crate() {
  local name=$1 version=$2 how_long=$3
  shift 3
  if grep -qs "^\"$name $version " "$PORTICO_TOOLS/.crates.toml"; then return; fi
  announce "$name $version, compiled once into $PORTICO_TOOLS ($how_long)" \
    compile_crate "$name" --version "=$version" --root "$PORTICO_TOOLS" "$@"
}

# As its authors locked it; where the registry lacks a version they locked (withdrawn, or a mirror that is behind),
# with the newest that fit.
compile_crate() {
  env "${FAST_PROFILE[@]}" cargo install --locked "$@" && return
  note "not with the versions its authors locked; once more with those the registry has"
  env "${FAST_PROFILE[@]}" cargo install "$@"
}

# The Open Policy Agent that the portal's engine is tested against. `opa.version` beside it says which one stands.
install_opa() {
  if [ "$(cat "$PORTICO_TOOLS/bin/opa.version" 2>/dev/null)" = "$OPA_VERSION" ]; then return; fi
  have go || system_package "Go, to build the Open Policy Agent" golang-go ||
    fail "no Go. Install it (Debian: apt-get install golang-go)."
  announce "the Open Policy Agent $OPA_VERSION, compiled once into $PORTICO_TOOLS (about 2 minutes on two cores)" \
    env GOBIN="$PORTICO_TOOLS/bin" CGO_ENABLED=0 GOFLAGS=-trimpath \
    go install -ldflags '-s -w' "github.com/open-policy-agent/opa@v$OPA_VERSION"
  echo "$OPA_VERSION" >"$PORTICO_TOOLS/bin/opa.version"
}

# These run for seconds; what counts is how soon they are there. One target directory lets them share crates.
FAST_PROFILE=(
  CARGO_TARGET_DIR="$PORTICO_TOOLS/build"
  CARGO_PROFILE_RELEASE_LTO=off
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1
  CARGO_PROFILE_RELEASE_DEBUG=0
  CARGO_PROFILE_RELEASE_STRIP=debuginfo
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
)

# Called once everything is installed; after a failure it stays, so that the next try continues from there.
remove_build_directory() { rm -rf "$PORTICO_TOOLS/build"; }

install_wasm_opt() {
  local manifest="$PORTICO_TOOLS/npm/node_modules/binaryen/package.json"
  if grep -qs "\"version\": \"$BINARYEN_VERSION\"" "$manifest"; then return; fi
  mkdir -p "$PORTICO_TOOLS/npm"
  announce "wasm-opt from binaryen $BINARYEN_VERSION" \
    npm install --prefix "$PORTICO_TOOLS/npm" --no-save --loglevel error "binaryen@$BINARYEN_VERSION"
}

# `cargo leptos watch` by itself works too: a small script in cargo's bin directory puts these tools on its PATH.
# Where someone has a cargo-leptos of their own, theirs stays.
link_cargo_leptos() {
  local link="${CARGO_HOME:-$HOME/.cargo}/bin/cargo-leptos"
  if [ -e "$link" ] && ! grep -qs 'Portico set-up' "$link"; then return; fi
  if grep -qsF "$PORTICO_TOOLS/bin/cargo-leptos" "$link"; then return; fi
  cat >"$link" <<WRAPPER
#!/bin/sh
# Written by the Portico set-up: cargo-leptos with its companions (wasm-bindgen, wasm-opt) on PATH.
PATH="$PORTICO_TOOLS/bin:$PORTICO_TOOLS/npm/node_modules/.bin:\$PATH" exec "$PORTICO_TOOLS/bin/cargo-leptos" "\$@"
WRAPPER
  chmod +x "$link"
}
