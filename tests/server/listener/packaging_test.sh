#!/bin/sh
# packaging_test.sh SOURCE BUILD INSTALLED_BIN: units, sample settings and manual
# pages as the programs that read them see them.
set -eu
source=$1 build=$2 installed=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

check() { # what, file that must be empty
	[ -s "$2" ] || return 0
	echo "$1:"
	cat "$2"
	failed=1
}

# The units name the installed programs; verify wants to see them, so give it ours.
for unit in oriel-server.service oriel-host.service oriel-vgpu.service; do
	sed "s|^ExecStart=$installed/|ExecStart=$build/bin/|" "$build/packaging/systemd/$unit" >"$folder/$unit"
done
cp "$source"/packaging/systemd/*.socket "$folder"
systemd-analyze verify --man=no "$folder"/oriel-* >"$folder/out" 2>&1 || failed=1
check "systemd-analyze verify" "$folder/out"

# The sample as it is, and with every default written out.
"$build/bin/oriel-server" --config "$source/packaging/oriel.conf" --check-config >/dev/null || failed=1
sed -E 's/^#([a-z_]+ =)/\1/' "$source/packaging/oriel.conf" >"$folder/all.conf"
[ "$(grep -c '^[a-z_]* =' "$folder/all.conf")" -eq 15 ] || { echo "sample: not every setting"; failed=1; }
"$build/bin/oriel-server" --config "$folder/all.conf" --check-config >/dev/null || failed=1

for page in $(ls "$source/docs/man"); do
	LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "$source/docs/man/$page" >/dev/null 2>"$folder/out" || failed=1
	check "$page" "$folder/out"
done
for key in $(sed -nE 's/^([a-z_]+) =.*/\1/p' "$folder/all.conf"); do
	grep -q "^\.B $key\$" "$source/docs/man/oriel.conf.5" || { echo "oriel.conf.5: no $key"; failed=1; }
done
exit $failed
