import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLONE } from './clone.js';

const run = promisify(execFile);

/** What a guest boots: Debian's kernel, and an initial file system in memory. */
export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

const KERNEL_PACKAGE = 'linux-image-cloud-amd64';
/** With their libraries; everything else is busybox. */
const PROGRAMS = ['/usr/bin/curl'];
/** In the order of their dependencies. */
const MODULES = [
  ...['drivers/virtio/virtio_ring', 'drivers/virtio/virtio', 'drivers/virtio/virtio_pci_legacy_dev'],
  ...['drivers/virtio/virtio_pci_modern_dev', 'drivers/virtio/virtio_pci'],
  ...['net/core/failover', 'drivers/net/net_failover', 'drivers/net/virtio_net'],
];

/**
 * The guest's first process: it runs commands from the second serial port, one in base64 a line, and answers each with
 * its exit code and output, also in base64.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in ${MODULES.map((path) => `${path.split('/').at(-1)}`).join(' ')}; do insmod /modules/$module.ko; done
ip link set lo up
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1 >/dev/ttyS1
echo ready
while read -r line; do
  echo "$line" | base64 -d >/tmp/command
  sh /tmp/command >/tmp/output 2>&1 </dev/null
  echo "$? $(base64 -w0 </tmp/output)"
done
`;

const MAKE = `
set -euo pipefail
folder=$1; init=$2; modules=$3; shift 3
cd "$folder"
apt-get download "$(apt-cache depends ${KERNEL_PACKAGE} | sed -n 's/.*Depends: \\(linux-image-.*\\)/\\1/p' | head -1)" >/dev/null
paths=$(dpkg-deb --fsys-tarfile linux-image-*.deb | tar -t | grep -E "^./boot/vmlinuz-|/kernel/($modules)\\.ko$")
dpkg-deb --fsys-tarfile linux-image-*.deb | tar -x $paths
rm linux-image-*.deb
mv boot/vmlinuz-* kernel
mkdir -p root/bin root/tmp root/proc root/sys root/dev root/etc root/modules root/usr/bin root/usr/sbin
find lib -name '*.ko' -exec mv {} root/modules/ \\;
cp "$(command -v busybox)" root/bin/busybox
for program in "$@"; do
  for file in "$program" $(ldd "$program" | grep -o '/[^ )]*'); do
    [ -e "root$file" ] || cp -L --parents "$file" root
  done
done
for library in /lib/*/libnss_dns.so.2 /lib/*/libnss_files.so.2 /lib/*/libresolv.so.2; do cp -L --parents "$library" root; done
echo 'hosts: files dns' > root/etc/nsswitch.conf
cp "$init" root/init
chmod 755 root/init
(cd root && find . | busybox cpio -o -H newc) > initrd 2>/dev/null
rm -rf root boot lib "$init"
`;

/**
 * Built once, and kept in the clone's cache. The kernel's package is unpacked, not installed. Error: the package or a
 * program is not available.
 */
export async function guestImage(): Promise<GuestImage> {
  const folder = join(CLONE, '.cache', 'guest');
  const image = { kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd') };
  if (existsSync(image.initrd)) return image;
  const making = `${folder}.${process.pid}`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const init = join(making, 'init');
  writeFileSync(init, INIT);
  const modules = MODULES.join('|');
  try {
    await run('bash', ['-c', MAKE, 'make-guest', making, init, modules, ...PROGRAMS], { timeout: 120_000 });
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  if (readdirSync(folder).length < 2) throw new Error(`${folder} is not whole`);
  return image;
}
