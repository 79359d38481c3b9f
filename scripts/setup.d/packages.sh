# shellcheck shell=bash
# npm packages, installed from their lock files where these changed since the last time.

# install_packages remotes|types|tests
install_packages() {
  local directory
  package_directories "$1" | while read -r directory; do npm_ci "$directory"; done
}

# The npm projects a purpose needs. Each remote is a project of its own, as its team would have it.
package_directories() {
  case "$1" in
    remotes) npm_projects remotes ;;
    types) npm_projects contracts/npm remotes end2end ;;
    tests) npm_projects contracts/npm end2end ;;
  esac
}

npm_projects() {
  local place
  for place in "$@"; do
    [ ! -d "$place" ] || find "$place" -name node_modules -prune -o -name dist -prune -o -name package.json -print
  done | xargs -r -n 1 dirname | sort
}

# npm_ci DIRECTORY: `npm ci`, unless node_modules was installed from just this lock file. A project without
# dependencies has no lock file and needs nothing.
npm_ci() {
  local lock="$1/package-lock.json" stamp="$1/node_modules/.portico-installed" inputs=()
  [ -f "$lock" ] || return 0
  inputs=("$1/package.json" "$lock")
  [ ! -d "$1/vendor" ] || inputs+=("$1"/vendor/*)
  local now
  now="$(digest "${inputs[@]}") $(node -p process.versions.modules)"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then return; fi
  announce "npm packages of $1" npm ci --prefix "$1" --loglevel error
  mkdir -p "$1/node_modules"
  echo "$now" >"$stamp"
}
