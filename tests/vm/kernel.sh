#!/bin/sh
# kernel.sh -- Fetches a kernel for the virtual machines, without installing it.
#
# Usage: tests/vm/kernel.sh DIRECTORY [RELEASE]
# Prints the path of a kernel image. The first call downloads the distribution's kernel package for
# virtual machines and unpacks it below DIRECTORY; later calls find it there. RELEASE asks for the
# kernel of another Debian release (bullseye: 5.10), from the archive that this system uses, with
# package lists of its own. OOMLAB_VM_KERNEL names another image to use where no RELEASE is asked
# for. Where there is none to be had, the last line on stderr says why; status 1.
set -u

directory=$1
release=${2-}

fail() {
	echo "no kernel to boot: $*" >&2
	exit 1
}

if [ -n "${OOMLAB_VM_KERNEL-}" ] && [ -z "$release" ]; then
	printf '%s\n' "$OOMLAB_VM_KERNEL"
	exit 0
fi
mkdir -p "$directory" && cd "$directory" || exit 1

# Several tests start at once; one fetches, the others wait.
exec 9>kernel.lock
flock 9

kernel=$PWD/vmlinuz${release:+-$release}
if [ -f "$kernel" ]; then
	printf '%s\n' "$kernel"
	exit 0
fi
command -v apt-get >/dev/null || fail "no apt-get here; set OOMLAB_VM_KERNEL to a kernel image"

temporary=$(mktemp -d "$PWD/fetch.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
printf 'APT::Sandbox::User "%s";\n' "$(id -un)" >"$temporary/apt.conf"

if [ -n "$release" ]; then
	archive=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 2>/dev/null |
		awk '$3 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }')
	[ -n "$archive" ] || fail "no Debian archive among this system's package sources"
	mkdir -p "$temporary/lists/partial" "$temporary/cache/archives/partial"
	echo "deb $archive $release main" >"$temporary/sources.list"
	cat >>"$temporary/apt.conf" <<-EOF
		Dir::Etc::SourceList "$temporary/sources.list";
		Dir::Etc::SourceParts "-";
		Dir::State::Lists "$temporary/lists";
		Dir::Cache "$temporary/cache";
		Acquire::Languages "none";
	EOF
fi
export APT_CONFIG="$temporary/apt.conf"

fetch() {
	for name in linux-image-cloud-amd64 linux-image-virtual linux-image-amd64; do
		# What the name stands for today: linux-image-6.1.0-56-cloud-amd64.
		package=$(apt-cache depends "$name" 2>/dev/null |
			sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
		[ -n "$package" ] || continue
		(cd "$temporary" && apt-get -qq download "$package" >&2) && return 0
	done
	return 1
}
# The package lists may be missing or old.
if ! fetch; then
	if [ -n "$release" ] || [ "$(id -u)" -eq 0 ]; then
		apt-get -qq update >&2
	fi
	fetch || fail "apt-get could not download the kernel package${release:+ of $release}"
fi
dpkg-deb -x "$temporary"/*.deb "$temporary/unpacked" &&
	mv "$temporary"/unpacked/boot/vmlinuz-* "$kernel" || fail "the kernel package holds none"
printf '%s\n' "$kernel"
