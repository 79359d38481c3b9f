# shellcheck shell=bash
# What comes from the operating system: a browser with its driver, Java for the tests against a real Kafka and a real
# Keycloak, PostgreSQL.

# system_package WANTED PACKAGE...: installs them with apt where there is one and we may; fails where not.
system_package() {
  local wanted=$1 sudo=''
  shift
  have apt-get || return 1
  if [ "$(id -u)" != 0 ]; then
    sudo='sudo -n'
    $sudo true 2>/dev/null || { note "$wanted: apt-get needs root, and sudo asks for a password"; return 1; }
  fi
  say "$wanted: apt-get install $* (about a minute)"
  $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

install_browser() {
  find_browser >/dev/null || system_package "Chromium for the browser tests" chromium chromium-driver || true
  find_browser >/dev/null ||
    fail "no Chromium. Install chromium or google-chrome from your distribution, or set CHROMIUM to its path."
  have chromedriver || [ -n "${CHROMEDRIVER:-}" ] ||
    system_package "chromedriver for the WASM tests" chromium-driver ||
    fail "no chromedriver. Install the one that matches your Chromium, or set CHROMEDRIVER to its path."
}

# find_browser: prints the path of the browser the tests use.
find_browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name"; then return; fi
  done
  return 1
}

install_java() {
  have java && have mvn || system_package "Java and Maven for the tests against Apache Kafka and Keycloak" default-jre-headless maven ||
    fail "no Java 17 or no Maven. Install both (Debian: apt-get install default-jre-headless maven)."
  scripts/kafka install
  scripts/keycloak install
}

install_postgres() {
  compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || have initdb ||
    system_package "PostgreSQL for the tests against a real database" postgresql ||
    fail "no PostgreSQL. Install its server (Debian: apt-get install postgresql)."
}

install_redis() {
  have redis-server ||
    system_package "Redis for the tests against a real one" redis-server ||
    fail "no Redis. Install its server (Debian: apt-get install redis-server)."
}
