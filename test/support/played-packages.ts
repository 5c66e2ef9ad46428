import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The content of the simulated servers, below `folder`: a wheel, an npm package, a Debian package and a git repository.
 */
export async function makePackages(folder: string): Promise<void> {
  const www = join(folder, 'www');
  await Promise.all([makeWheel(www), makeNpmPackage(www), makeDebianPackage(www), makeRepository(folder)]);
}

const WHEEL = 'sampleproject-1.0-py3-none-any.whl';
const MAKE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('sampleproject.py', 'answer = 42\\n')
    info = 'sampleproject-1.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: sampleproject\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`;

async function makeWheel(www: string): Promise<void> {
  const wheel = join(www, 'files.pythonhosted.org/packages', WHEEL);
  mkdirSync(dirname(wheel), { recursive: true });
  await run('/usr/bin/python3', ['-c', MAKE_WHEEL, wheel]);
  const link = `https://files.pythonhosted.org/packages/${WHEEL}#sha256=${digest('sha256', wheel).toString('hex')}`;
  write(join(www, 'pypi.org/simple/sampleproject/index.html'), `<!doctype html><a href="${link}">${WHEEL}</a>`);
}

async function makeNpmPackage(www: string): Promise<void> {
  const folder = join(www, 'registry.npmjs.org/ms');
  const manifest = { name: 'ms', version: '1.0.0', main: 'index.js' };
  write(join(folder, 'package/package.json'), JSON.stringify(manifest));
  write(join(folder, 'package/index.js'), 'module.exports = 42;\n');
  const archive = join(folder, '-/ms-1.0.0.tgz');
  mkdirSync(dirname(archive));
  await run('tar', ['-C', folder, '-czf', archive, 'package']);
  const dist = {
    tarball: 'https://registry.npmjs.org/ms/-/ms-1.0.0.tgz',
    integrity: `sha512-${digest('sha512', archive).toString('base64')}`,
  };
  const versions = { '1.0.0': { ...manifest, dist } };
  write(join(folder, 'index.html'), JSON.stringify({ name: 'ms', 'dist-tags': { latest: '1.0.0' }, versions }));
}

async function makeDebianPackage(www: string): Promise<void> {
  const root = join(www, 'deb.debian.org/debian');
  const description = [
    'Package: hello',
    'Version: 1.0',
    'Architecture: all',
    'Maintainer: Nobody <nobody@example.com>',
  ];
  const control = `${description.join('\n')}\nDescription: says hello\n`;
  write(join(root, 'hello/DEBIAN/control'), control);
  chmodSync(join(root, 'hello/DEBIAN'), 0o755);
  const archive = join(root, 'hello_1.0_all.deb');
  await run('dpkg-deb', ['--build', '--root-owner-group', join(root, 'hello'), archive]);
  const found = [
    `Filename: hello_1.0_all.deb`,
    `Size: ${readFileSync(archive).length}`,
    `SHA256: ${digest('sha256', archive).toString('hex')}`,
  ];
  write(join(root, 'Packages'), `${control}${found.join('\n')}\n`);
}

async function makeRepository(folder: string): Promise<void> {
  const bare = join(folder, 'git/octocat/Hello-World.git');
  const work = join(folder, 'work');
  const git = (...args: readonly string[]) =>
    run('git', ['-c', 'user.name=nobody', '-c', 'user.email=nobody@example.com', ...args]);
  await git('init', '-q', '-b', 'master', work);
  write(join(work, 'README'), 'Hello World!\n');
  await git('-C', work, 'add', '.');
  await git('-C', work, 'commit', '-qm', 'first');
  await git('clone', '-q', '--bare', work, bare);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function digest(algorithm: string, path: string): Buffer {
  return createHash(algorithm).update(readFileSync(path)).digest();
}
