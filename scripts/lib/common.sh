# shellcheck shell=bash
#
# What the scripts share. To be sourced by bash, with $root set to the project's root:
#
#   say WORDS...            progress, on standard error
#   lane_build LANE         configure where needed, and build: release, asan, clang, lto
#   lane_folder LANE        where it is built

: "${root:?the script that sources this sets it}"

say() {
	echo "$*" >&2
}

lane_folder() {
	if [[ $1 == release ]]; then
		echo "$root/build"
	else
		echo "$root/build/lane/$1"
	fi
}

# Meson's own options tell the lanes apart.
lane_options() {
	case $1 in
	release) echo "--buildtype=release" ;;
	asan) echo "--buildtype=debugoptimized -Db_sanitize=address,undefined" ;;
	clang) echo "--buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false" ;;
	lto) echo "--buildtype=release -Db_lto=true" ;;
	*)
		say "no such lane: want release, asan, clang or lto, not '$1'"
		return 2
		;;
	esac
}

# Quiet when all is well; the whole log when it is not.
lane_build() {
	local lane=$1 folder options log tests compiler=gcc

	folder=$(lane_folder "$lane")
	options=$(lane_options "$lane") || return
	[[ $lane == clang ]] && compiler=clang
	mkdir -p "$root/build" || return
	log=$(mktemp) || return
	if [[ ! -f $folder/build.ninja ]]; then
		say "configuring $lane in ${folder#"$root/"}"
		# shellcheck disable=SC2086 # options are words
		if ! CC=$compiler meson setup "$folder" "$root" $options >"$log" 2>&1; then
			cat "$log" >&2
			rm -f "$log"
			return 1
		fi
	fi
	# A test is built where its source is: one that came or went since makes Meson look again.
	tests=$(cd "$root/tests" && ls unit/*.c fuzz/*.c fuzz/corpus)
	if [[ $tests != "$(cat "$folder/tests.list" 2>/dev/null)" ]]; then
		touch "$root/meson.build"
		echo "$tests" >"$folder/tests.list"
	fi
	if [[ $(ninja -C "$folder" -n 2>/dev/null | tail -n 1) != *"no work to do"* ]]; then
		say "building $lane in ${folder#"$root/"}"
	fi
	if ! ninja -C "$folder" >"$log" 2>&1; then
		grep -v '^\[' "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}
