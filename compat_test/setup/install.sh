#!/usr/bin/env bash
# Installs what the demo and the tests need besides Go, and says what it installs.
#
#   install.sh demo    Node and the npm package of examples/chat
#   install.sh test    that, a C compiler for the race detector, Chromium, and the
#                      npm packages of compat_test
#   install.sh bench   Node and the npm packages of what make bench compares
#
# Running it again changes nothing and takes a moment. A failed installation ends
# it with a message and a non-zero code.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=$PWD/compat_test/setup/.tools # a newer Node or npm than the system's, when needed
node_minimum=18
npm_minimum=10 # older ones stumble over "overrides" of packages that were named by a URL

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# One set-up at a time: "make run" and "make test" may be started together.
exec 9>compat_test/setup/.lock
if command -v flock >/dev/null; then flock 9; fi

apt_updated=
apt_install() { # reason package...
	local reason=$1 root=
	shift
	command -v apt-get >/dev/null || fail "$reason: please install $* (this script only knows apt)"
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || fail "$reason: installing $* needs root; run this as root or install them yourself"
		root=sudo
	fi
	say "installing from Debian: $* ($reason)"
	if [ -z "$apt_updated" ]; then
		$root apt-get update -qq || fail "apt-get update failed"
		apt_updated=yes
	fi
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >compat_test/setup/.apt.log 2>&1 || {
		tail -n 20 compat_test/setup/.apt.log >&2
		fail "apt-get could not install: $*"
	}
}

npm_major() { npm --version 2>/dev/null | cut -d. -f1 || echo 0; }
node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

need_node() {
	export PATH=$tools/node_modules/.bin:$tools/node_modules/node/bin:$PATH
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		local packages=()
		command -v node >/dev/null || packages+=(nodejs)
		command -v npm >/dev/null || packages+=(npm)
		apt_install "the JavaScript clients run in Node" "${packages[@]}"
		hash -r
	fi
	if [ "$(node_major)" -lt "$node_minimum" ]; then
		say "installing from npm: node@20 (found Node $(node --version), need $node_minimum)"
		npm install --prefix "$tools" --ignore-scripts=false --no-audit --no-fund --silent node@20 || fail "npm could not install node@20"
		hash -r
		[ "$(node_major)" -ge "$node_minimum" ] || fail "Node is still $(node --version); please install Node $node_minimum or newer"
	fi
	if [ "$(npm_major)" -lt "$npm_minimum" ]; then
		say "installing from npm: npm@10.9.4 (found npm $(npm --version), need $npm_minimum)"
		npm install --prefix "$tools" --ignore-scripts --no-audit --no-fund --silent npm@10.9.4 || fail "npm could not install npm@10.9.4"
		hash -r
		[ "$(npm_major)" -ge "$npm_minimum" ] || fail "npm is still $(npm --version); please install npm $npm_minimum or newer"
	fi
}

need_packages() { # folder with package-lock.json
	local dir=$1 stamp=$1/node_modules/.installed-lock
	if cmp -s "$dir/package-lock.json" "$stamp"; then return; fi
	say "installing from npm: the packages of $dir"
	(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || fail "npm ci failed in $dir"
	cp "$dir/package-lock.json" "$stamp"
}

need_compiler() {
	if command -v "$(go env CC)" >/dev/null && [ -e /usr/include/stdlib.h ]; then return; fi
	apt_install "the race detector needs a C compiler" gcc libc6-dev
}

need_chromium() {
	if command -v chromium >/dev/null; then return; fi
	apt_install "a test drives the demo in a real browser" chromium fonts-dejavu-core
	chromium --version >/dev/null 2>&1 || fail "chromium was installed but does not start"
}

need_brokers() { # what compat_test/cluster and the tests of sqlstore start
	local packages=() name
	for name in redis-server nats-server haproxy nginx; do
		[ -n "$(PATH=$PATH:/usr/sbin command -v "$name")" ] || packages+=("$name")
	done
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || packages+=(postgresql)
	[ -n "$(PATH=$PATH:/usr/sbin command -v mariadbd || PATH=$PATH:/usr/sbin command -v mysqld)" ] || packages+=(mariadb-server)
	[ ${#packages[@]} -eq 0 ] || apt_install "brokers and databases that the tests start" "${packages[@]}"
}

command -v go >/dev/null || fail "Go is missing: see https://go.dev/dl"
case ${1-} in
demo)
	need_node
	need_packages examples/records
	need_packages examples/chat
	;;
bench)
	need_node
	need_brokers
	need_packages compat_test/peers/node
	need_packages compat_test/peers/sails
	need_packages compat_test/peers/sails-db
	;;
test)
	need_node
	need_compiler
	need_chromium
	need_brokers
	need_packages examples/chat
	need_packages examples/records
	need_packages internal/conformance/driver
	need_packages compat_test/peers/sails-app
	need_packages compat_test/peers/documents
	need_packages compat_test/peers/node-protocol
	need_packages compat_test/cluster/node
	;;
*)
	fail "usage: install.sh demo|test|bench"
	;;
esac
