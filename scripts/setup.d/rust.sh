# shellcheck shell=bash
# The toolchain that rust-toolchain.toml pins, with its components and the WASM target.

# require_basics: what set-up builds on and cannot install itself.
require_basics() {
  have rustup || fail "rustup is missing. Install it from https://rustup.rs, then run this again."
  local tool major
  for tool in node npm; do
    have "$tool" || fail "$tool is missing. Install Node.js 20 or newer from https://nodejs.org or your distribution."
  done
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fail "Node.js $major is too old: 20 or newer is needed (https://nodejs.org)."
  for tool in cc c++ make git; do
    have "$tool" || system_package "$tool" build-essential git ||
      fail "'$tool' is missing. Install a C and C++ toolchain, make and git (Debian: apt-get install build-essential git)."
  done
  echo '#include <openssl/ssl.h>' | cc -E - >/dev/null 2>&1 || system_package "OpenSSL, for Kafka over TLS" libssl-dev pkg-config ||
    fail "the headers of OpenSSL are missing. Install them (Debian: apt-get install libssl-dev pkg-config)."
}

install_rust() {
  local channel
  channel=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
  if rustup target list --installed --toolchain "$channel" 2>/dev/null | grep -qx wasm32-unknown-unknown &&
    cargo "+$channel" clippy --version >/dev/null 2>&1 && cargo "+$channel" fmt --version >/dev/null 2>&1; then
    return
  fi
  announce "Rust $channel with clippy, rustfmt and the WASM target (about a minute)" \
    rustup toolchain install "$channel" --profile minimal --component clippy,rustfmt --target wasm32-unknown-unknown
}
