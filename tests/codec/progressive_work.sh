#!/bin/sh
# The work of the progressive decoder grows with the bytes of a stream, not with regions
# times tiles or tiles times overlapping rectangles: counts instructions.
#
#     progressive_work.sh VALGRIND PROGRAM
set -eu

valgrind=$1
program=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# instructions KIND COUNT: of a whole run; the stream's bytes are in $dir/bytes
instructions() {
	"$valgrind" --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
		"$program" "$1" "$2" >"$dir/bytes" 2>"$dir/log" || {
		cat "$dir/log" >&2
		exit 1
	}
	sed -n 's/,//g; s/.*I *refs: *//p' "$dir/log"
}

# check KIND COUNT MOST: instructions for each byte more, between COUNT and twice as many
check() {
	few=$(instructions "$1" "$2")
	few_bytes=$(cat "$dir/bytes")
	many=$(instructions "$1" $(($2 * 2)))
	many_bytes=$(cat "$dir/bytes")
	each=$(((many - few) / (many_bytes - few_bytes)))
	echo "$1: $each instructions a byte, at most $3"
	[ "$each" -le "$3" ]
}

check regions 500 200
check rects 2 300
check tiles 20 100000 # 50000 without SIMD
