#!/usr/bin/env bash
# Make .venv and bring what this checkout needs; quick when nothing has changed.
#   scripts/setup.sh run     the program and its demo
#   scripts/setup.sh dev     and the tools to check it
#   scripts/setup.sh test    and the neighbours of the tests: a Kafka broker (Java 17 and the broker's jars), an Alertmanager, promtool, Chromium, Helm
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-}
python=.venv/bin/python

say() { echo "setup: $*" >&2; }
stop() {
  say "$*"
  exit 1
}
trap 'say "failed in line $LINENO"' ERR

# Install Debian packages where we may; otherwise fail, and the caller says what is missing.
apt_install() {
  local root=()
  [[ $(id -u) == 0 ]] || root=(sudo)
  if ! command -v apt-get >/dev/null || { [[ ${#root[@]} != 0 ]] && ! command -v sudo >/dev/null; }; then
    return 1
  fi
  say "installing $*"
  ${root[@]+"${root[@]}"} apt-get update -qq >&2 || return 1
  ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >&2
}

# The first Python that is new enough and can make an environment.
find_python() {
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

make_environment() {
  # A copied or moved checkout brings an environment whose commands still point to the old place.
  if "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && grep -qsF "$PWD/.venv" .venv/bin/activate; then
    return
  fi
  local base
  base=$(find_python) || { apt_install python3 python3-venv && base=$(find_python); } ||
    stop "Python 3.11 or newer with its venv module is needed (on Debian and Ubuntu: apt-get install python3 python3-venv)."
  say "making .venv with $("$base" --version)"
  "$base" -m venv --clear .venv
}

# What pip was told about this network holds for uv.
configure_uv() {
  local index
  index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
  [[ -z $index || -n ${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}} ]] || export UV_DEFAULT_INDEX=$index
  [[ -z ${PIP_CERT:-} || -n ${SSL_CERT_FILE:-} ]] || export SSL_CERT_FILE=$PIP_CERT
}

# Install an extra, unless the stamp says that it was done for these very files; then stamp everything it covers.
install_packages() {
  local extra=$1 covered=$2 constraints=() state name
  [[ ! -f constraints.txt ]] || constraints=(-c constraints.txt)
  state=$(cat pyproject.toml scripts/setup.sh ${constraints[1]+"${constraints[1]}"} | cksum)
  if [[ $(cat ".venv/.setup-$kind" 2>/dev/null) == "$state" ]]; then
    return
  fi
  say "installing babelwatch[$extra] and what it needs"
  configure_uv
  "$python" -m pip install --quiet --disable-pip-version-check ${constraints[@]+"${constraints[@]}"} uv >&2
  .venv/bin/uv pip install --compile-bytecode --quiet --python "$python" ${constraints[@]+"${constraints[@]}"} -e ".[$extra]" >&2
  for name in $covered; do
    echo "$state" >".venv/.setup-$name"
  done
}

# The major version of the Java that tests would run; 0 without one.
java_version() {
  local version
  version=$("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
  echo "${version:-0}"
}

fetch_broker() { "$python" -m tests.support.broker fetch >/dev/null; }

prepare_broker() {
  if [[ -n ${BABELWATCH_TEST_KAFKA:-} ]]; then
    say "tests will use the broker of BABELWATCH_TEST_KAFKA"
    return
  fi
  if (($(java_version) < 17)) && [[ -z ${JAVA_HOME:-} ]]; then
    apt_install openjdk-17-jre-headless || apt_install default-jre-headless || true
  fi
  if (($(java_version) < 17)); then
    say "there is no Java 17 or newer${JAVA_HOME:+ in $JAVA_HOME}"
    return 1
  fi
  fetch_broker 2>/dev/null || { { command -v mvn >/dev/null || apt_install maven; } && say "fetching a Kafka broker" && fetch_broker; }
}

# Debian's packages start a service where they may; the tests start their own processes, so it is stopped again.
install_stopped() {
  local root=()
  [[ $(id -u) == 0 ]] || root=(sudo)
  apt_install "$1" || return 1
  ! command -v systemctl >/dev/null || ${root[@]+"${root[@]}"} systemctl disable --quiet --now "$1" >&2 || true
}

prepare_alertmanager() {
  command -v prometheus-alertmanager >/dev/null || command -v alertmanager >/dev/null || install_stopped prometheus-alertmanager
}

prepare_promtool() { command -v promtool >/dev/null || install_stopped prometheus; }

# Without --no-sandbox Chromium does not start as root; the tests pass it.
prepare_browser() { [[ -n ${BABELWATCH_TEST_CHROMIUM:-} ]] || command -v chromium >/dev/null || apt_install chromium; }

# Neither PyPI nor Debian has it: it is built from its source, in some minutes.
prepare_helm() {
  [[ -x $(command -v helm) ]] || say "looking for Helm, or building it"
  "$python" -m tests.support.helm fetch >&2
}

case $kind in
  run) packages=(demo run) ;;
  dev) packages=(dev "run dev") ;;
  test) packages=(dev "run dev test") ;;
  *) stop "usage: scripts/setup.sh run|dev|test" ;;
esac
make_environment
install_packages "${packages[@]}"
if [[ $kind == test ]] && ! prepare_broker; then
  say "THERE IS NO KAFKA BROKER: EVERY TEST THAT NEEDS ONE WILL BE SKIPPED (it takes Java 17 or newer, Maven, and a way to Maven's repository)"
  [[ ${CI:-} != true ]] || stop "CI is set, and a skipped test would be a failure"
fi
if [[ $kind == test ]] && ! prepare_alertmanager; then
  say "there is no Alertmanager: the tests against a real one will be skipped (on Debian and Ubuntu: apt-get install prometheus-alertmanager)"
  [[ ${CI:-} != true ]] || stop "CI is set, and a skipped test would be a failure"
fi
if [[ $kind == test ]] && ! prepare_promtool; then
  say "there is no promtool: the tests of the Prometheus rules will fail (on Debian and Ubuntu: apt-get install prometheus)"
  [[ ${CI:-} != true ]] || stop "CI is set, and the run would fail"
fi
if [[ $kind == test ]] && ! prepare_browser; then
  say "there is no Chromium: the tests in a browser will fail (on Debian: apt-get install chromium; BABELWATCH_TEST_CHROMIUM names another)"
  [[ ${CI:-} != true ]] || stop "CI is set, and the run would fail"
fi
if [[ $kind == test ]] && ! prepare_helm; then
  say "there is no Helm: the tests of the chart will be skipped (helm.sh; with Go 1.26 or newer it is built here)"
  [[ ${CI:-} != true ]] || stop "CI is set, and a skipped test would be a failure"
fi
