#!/bin/sh
# Brings pgTAP and plpgsql_check, which the SQL tests use. As root they are installed; for anybody else pgTAP's files are
# laid out in .cache/pgtap, and the tests load its script themselves. Where neither can be done the tests say what they skip.
set -u
cd "$(dirname "$0")/../.." || exit 1

has() { ls /usr/share/postgresql/*/extension/"$1".control >/dev/null 2>&1; }

if [ "$(id -u)" = 0 ]; then
	has pgtap && has plpgsql_check && exit 0
else
	has pgtap || ls .cache/pgtap/usr/share/postgresql/*/extension/pgtap.control >/dev/null 2>&1 && exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v apt-cache >/dev/null; then
	echo "make test: no apt-get here, so pgTAP is not brought; without it the SQL tests are skipped" >&2
	exit 0
fi

# The version of the server that is installed, where there is one; else the newest there is.
offered() { apt-cache search --names-only '^postgresql-[0-9]+-pgtap$' | sed 's/^postgresql-\([0-9]*\)-.*/\1/' | sort -n; }
[ -n "$(offered)" ] || { [ "$(id -u)" = 0 ] && apt-get update -qq; }
version=
for v in $(offered); do
	if [ -z "$version" ] || [ -x "/usr/lib/postgresql/$v/bin/postgres" ] || [ ! -x "/usr/lib/postgresql/$version/bin/postgres" ]; then
		version=$v
	fi
done

if [ "$(id -u)" = 0 ]; then
	echo "make test: installing pgTAP and plpgsql_check for PostgreSQL $version"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		"postgresql-$version-pgtap" "postgresql-$version-plpgsql-check" >/dev/null ||
		echo "make test: could not install them; without them the SQL tests are skipped" >&2
	exit 0
fi
echo "make test: fetching pgTAP"
mkdir -p .cache && (
	cd .cache && rm -f ./*-pgtap_*.deb && apt-get download -qq "postgresql-$version-pgtap" && dpkg -x ./*-pgtap_*.deb pgtap
) || echo "make test: could not fetch it; without it the SQL tests are skipped" >&2
exit 0
