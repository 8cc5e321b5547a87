# Sourced by tests/run: brings a fresh Debian machine to where the tests can run. Installs only what is missing, from the
# package sources that the machine is set up with, and lets no installed service start by itself.

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# missing_packages NAME…: those that dpkg does not report as installed.
missing_packages() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# apt_install NAME…: /usr/sbin/policy-rc.d saying 101 is how Debian is told not to start what it has just installed.
apt_install() {
  local wanted policy=/usr/sbin/policy-rc.d ours=
  wanted=$(missing_packages "$@")
  [ -n "$wanted" ] || return 0
  echo "installing:" $wanted
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    ours=yes
  fi
  local result=0
  # shellcheck disable=SC2086 # a list of names
  { as_root apt-get -qq update && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install $wanted >/dev/null; } || result=$?
  [ -z "$ours" ] || as_root rm -f "$policy"
  return $result
}

need_rust() {
  command -v cargo >/dev/null || [ ! -r "$HOME/.cargo/env" ] || . "$HOME/.cargo/env"
  command -v cargo >/dev/null || {
    echo "cargo is not on this machine: install Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer first" >&2
    return 1
  }
  apt_install build-essential redis-server postgresql openssl procps
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null || apt_install nodejs npm || return
  # What playwright-core asks for; an older one fails in places that are hard to read.
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || {
    echo "node $(node --version) is too old: install 20 or newer first" >&2
    return 1
  }
}

need_python() {
  python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3 python3-venv || return
  # The oldest that all of tests/sdk/requirements.txt still runs on.
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$(python3 --version) is too old: install 3.11 or newer first" >&2
    return 1
  }
}

# python_packages FILE: a virtual environment with what the file names, made once for each state of it; prints its folder.
python_packages() {
  local venv
  venv=/var/tmp/pennypress-python-$( (cat "$1" && python3 --version) | sha256sum | cut -c1-16)
  [ -e "$venv/.complete" ] || {
    rm -rf "$venv" && python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$1" >&2 &&
      touch "$venv/.complete"
  } || return
  echo "$venv"
}

need_php() {
  apt_install php-cli php-mysql php-curl php-xml php-mbstring
}

need_wordpress() {
  apt_install mariadb-server php-fpm php-cli php-mysql php-curl php-xml php-mbstring php-gd php-zip php-intl \
    nginx-light redis-server chromium fonts-dejavu-core unzip
}

# npm_packages DIR: what its lock file says, once for each state of that file.
npm_packages() {
  local stamp="$1/node_modules/.from-lock"
  cmp -s "$1/package-lock.json" "$stamp" && return 0
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error) && cp "$1/package-lock.json" "$stamp"
}
