#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prove both commands where nothing is installed: debootstrap a minimal Debian
# 12, clone this commit into it, run ./quickstart and ./runtests there.
# usage: tests/chroot.sh [RUNTESTS-ARGUMENT...]   default: --quick
# SIGNET_MIRROR names another Debian mirror than the machine's own.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" -ne 0 ]; then
    echo "tests/chroot.sh: needs root for debootstrap and chroot" >&2
    exit 77
fi
command -v debootstrap >/dev/null || apt-get install -y -q debootstrap >/dev/null

# The machine's own mirror and apt settings (a proxy, say) serve the chroot too.
mirror=${SIGNET_MIRROR:-$(
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
        sed -nE 's/#.*//; s,.*(https?://[^ ]*/debian)(/| |$).*,\1,p' | sed 1q
)}
dir=$(mktemp -d "${TMPDIR:-/tmp}/chroot.XXXXXX")
clean() {
    umount -l "$dir/proc" "$dir/dev/pts" "$dir/dev" 2>/dev/null || true
    rm -rf --one-file-system "$dir"
}
trap clean EXIT
chmod 755 "$dir" # it becomes /, which everybody may enter

echo "debootstrap of bookworm from ${mirror:-the default mirror}"
debootstrap --variant=minbase bookworm "$dir" ${mirror:+"$mirror"} >"$dir.log" 2>&1 ||
    { tail -20 "$dir.log"; rm -f "$dir.log"; exit 1; }
rm -f "$dir.log"
cp -a /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d \
    /etc/apt/trusted.gpg.d "$dir/etc/apt/" 2>/dev/null || true
cp /etc/resolv.conf /etc/hosts "$dir/etc/" 2>/dev/null || true
[ ! -d /usr/local/share/ca-certificates ] ||
    cp -a /usr/local/share/ca-certificates "$dir/usr/local/share/"
mount -t proc proc "$dir/proc"
mount --bind /dev "$dir/dev"
mount -t devpts devpts "$dir/dev/pts" 2>/dev/null || true

git clone -q --no-hardlinks . "$dir/signet"
# Nothing of this machine is seen in there, packages excepted.
in_chroot() {
    chroot "$dir" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        LANG=C.UTF-8 sh -c "cd /signet && $1"
}
echo "--- ./quickstart"
in_chroot './quickstart'
in_chroot 'openssl verify -x509_strict -CAfile demo/root.pem -untrusted demo/chain.pem demo/issued.pem demo/signed.pem'
echo "--- ./runtests ${*:---quick}"
in_chroot "./runtests ${*:---quick}"
