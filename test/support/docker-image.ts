import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs in the test's containers, copied from this machine with their libraries. */
const PROGRAMS = [
  ...['bash', 'sh', 'cat', 'sleep', 'ip', 'curl', 'dig', '/usr/bin/python3'],
  // For the control plane's image, which is based on this one.
  ...['mv', 'ln', 'mkdir', 'chown', 'readlink', 'dirname'],
];

/** A small glibc root: no image can be pulled, and every test machine has these programs. */
const MAKE_ROOT = `
set -euo pipefail
root=$1; archive=$2; shift 2
mkdir -p "$root"/{bin,usr/bin,usr/sbin,usr/lib,usr/local/bin,tmp,etc,proc,sys,dev,root}
put() { [ -e "$root$1" ] || cp -L --parents "$1" "$root"; }
libraries() { ldd "$1" 2>/dev/null | grep -o '/[^ )]*' || true; }
for program in "$@"; do
  path=$(realpath "$(command -v "$program")")
  put "$path"
  [ -e "$root/usr/bin/$(basename "$program")" ] || ln -s "$path" "$root/usr/bin/$(basename "$program")"
  for library in $(libraries "$path"); do put "$library"; done
done
ln -sf /usr/bin/sh /usr/bin/bash "$root/bin/"
for library in /lib/*/libnss_dns.so.2 /lib/*/libnss_files.so.2 /lib/*/libresolv.so.2; do put "$library"; done
python=$(/usr/bin/python3 -c 'import os; print(os.path.dirname(os.__file__))')
tar -C / -c --exclude=__pycache__ --exclude='config-*' --exclude=test --exclude=idlelib --exclude=ensurepip \
  --exclude=lib2to3 --exclude=pydoc_data "\${python#/}" | tar -C "$root" -x
echo 'root:x:0:0::/root:/bin/sh' > "$root/etc/passwd"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
tar -C "$root" -cf "$archive" .
rm -rf "$root"
`;

let made: Promise<string> | null = null;

/** The path of an archive for `docker import`; created once by a test process, and removed at its end. */
export function imageArchive(): Promise<string> {
  made ??= make();
  return made;
}

async function make(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-image-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const archive = join(folder, 'image.tar');
  const programs = [...PROGRAMS, process.execPath];
  await run('bash', ['-c', MAKE_ROOT, 'make-root', join(folder, 'root'), archive, ...programs], { timeout: 60_000 });
  return archive;
}
