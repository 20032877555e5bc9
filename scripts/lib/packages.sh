# shellcheck shell=bash
#
# Which Debian packages each purpose needs, and how the missing ones are installed.
# To be sourced by bash:
#
#   . "$root/scripts/lib/packages.sh"
#   packages_need build || exit 1
#
# packages_need PURPOSE...      install what is missing; silent and quick when nothing is
# packages_missing PURPOSE...   print what is missing, one name a line; 2 for a bad purpose
#
# A purpose is build, test or lab; each holds the one before it, but for lab, which holds
# only what scripts/lab calls. Service units that come with a package are neither started
# nor left enabled; packages that were there before are not touched.

packages_build=(
	gcc libc6-dev binutils meson ninja-build pkg-config
	libdpdk-dev dpdk-dev dpdk
	libipsec-mb-dev libcunit1-dev libjansson-dev libssl-dev libpcap-dev
	libhugetlbfs-bin dns-root-data
)
packages_check=(
	clang clang-format clang-tidy libclang-rt-14-dev cppcheck shellcheck
	python3 python3-dnspython python3-cryptography python3-scapy
	unbound libunbound8 bind9-dnsutils
	iproute2 ethtool
)
packages_lab=(
	python3 python3-dnspython
	unbound nsd knot ldnsutils bind9-dnsutils bind9-utils
	iproute2 ethtool tcpdump
)

# The list of one purpose, one name a line.
packages_list() {
	case $1 in
	build) printf '%s\n' "${packages_build[@]}" ;;
	test) printf '%s\n' "${packages_build[@]}" "${packages_check[@]}" ;;
	lab) printf '%s\n' "${packages_lab[@]}" ;;
	*)
		echo "packages: want build, test or lab, not '$1'" >&2
		return 2
		;;
	esac
}

packages_missing() {
	local purpose name list wanted=()

	for purpose in "$@"; do
		list=$(packages_list "$purpose") || return
		mapfile -t -O "${#wanted[@]}" wanted <<<"$list"
	done
	if ! command -v dpkg-query >/dev/null; then
		echo "packages: want Debian 12, found no dpkg-query" >&2
		return 1
	fi

	local -A installed=()
	while read -r name; do
		installed[$name]=1
	done < <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
		sed -n 's/^installed //p')
	for name in "${wanted[@]}"; do
		[[ -n ${installed[$name]-} ]] && continue
		installed[$name]=1
		echo "$name"
	done
}

packages_need() {
	local list missing

	list=$(packages_missing "$@") || return
	[[ -z $list ]] && return 0
	mapfile -t missing <<<"$list"
	if ((EUID != 0)); then
		{
			echo "missing Debian packages: ${missing[*]}"
			echo "as root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
		} >&2
		return 1
	fi
	# A subshell, so that its traps are its own and end with it.
	(packages_install "$@")
}

# Everything dpkg calls installed, sorted.
packages_installed() {
	dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u
}

# Keep maintainer scripts from starting services while we install (invoke-rc.d(8),
# deb-systemd-invoke(1p) ask /usr/sbin/policy-rc.d). Undone by packages_policy_restore.
packages_policy=/usr/sbin/policy-rc.d
packages_policy_mark='# wirevet: start no service while packages are installed'

packages_policy_deny() {
	# Ours, left behind by a run that was killed: what it kept aside is the real one.
	packages_policy_restore
	if [[ -e $packages_policy || -L $packages_policy ]]; then
		mv -f "$packages_policy" "$packages_policy.wirevet"
	fi
	printf '#!/bin/sh\n%s\nexit 101\n' "$packages_policy_mark" >"$packages_policy"
	chmod 755 "$packages_policy"
}

packages_policy_restore() {
	if grep -qsxF "$packages_policy_mark" "$packages_policy"; then
		rm -f "$packages_policy"
	fi
	if [[ -e $packages_policy.wirevet || -L $packages_policy.wirevet ]]; then
		mv -f "$packages_policy.wirevet" "$packages_policy"
	fi
}

# Leave no service of a package that we brought enabled for the next start of the machine.
packages_disable_services() {
	local package file

	for package in "$@"; do
		while read -r file; do
			case $file in
			/etc/init.d/*)
				update-rc.d "${file##*/}" disable
				;;
			/lib/systemd/system/*.service | /lib/systemd/system/*.socket | \
				/lib/systemd/system/*.timer)
				deb-systemd-helper disable "${file##*/}"
				;;
			esac
		done < <(dpkg-query -L "$package" 2>/dev/null)
	done
}

packages_install() {
	local list missing log before after

	exec {packages_lock}>/run/lock/wirevet-packages || return 1
	if ! flock -n "$packages_lock"; then
		echo "waiting for another installation to end" >&2
		flock "$packages_lock"
	fi
	list=$(packages_missing "$@") || return
	[[ -z $list ]] && return 0
	mapfile -t missing <<<"$list"
	echo "installing ${#missing[@]} Debian packages: ${missing[*]}" >&2

	log=$(mktemp "${TMPDIR:-/tmp}/wirevet-packages.XXXXXX") || return 1
	trap 'packages_policy_restore; rm -f "$log"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	before=$(packages_installed)
	packages_policy_deny || return 1
	if ! packages_apt "${missing[@]}" >"$log" 2>&1 </dev/null; then
		echo "installing Debian packages failed; the end of what apt-get said:" >&2
		tail -n 30 "$log" >&2
		return 1
	fi
	after=$(packages_installed)
	mapfile -t missing < <(comm -13 <(echo "$before") <(echo "$after"))
	packages_disable_services "${missing[@]}" >>"$log" 2>&1

	list=$(packages_missing "$@") || return
	[[ -z $list ]] && return 0
	echo "still missing after apt-get install:" "${list//$'\n'/ }" >&2
	return 1
}

packages_apt() {
	# The lists too have a lock, for which apt-get update does not wait by itself.
	export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
	local tries

	for tries in 1 2 3 4 5; do
		apt-get -q update && break
		((tries == 5)) && return 1
		sleep 5
	done
	# Held back by nothing: a question about a changed file keeps the file.
	apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold \
		-o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
}
