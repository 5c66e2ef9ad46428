import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeStateFile } from '#apps/agent/state/state-file.js';
import { saveContexts } from '#apps/cli/context/save-context.js';
import { KeyFiles } from '#libs/bus/key-files.js';
import { recordProcess } from '#libs/program/process-record.js';
import { writeWhole } from '#libs/program/write-whole.js';
import { SmallDisk } from '#test/support/small-disk.js';

/** Everything that writes its own file at run time: how, and the file. */
const WRITERS: readonly (readonly [string, (folder: string) => unknown, string])[] = [
  ['state of an agent', (folder) => writeStateFile(join(folder, 'a.json'), { text: 'x' }), 'a.json'],
  ['key', (folder) => new KeyFiles(folder, 'restore it').keep('k.seed', 'x'), 'k.seed'],
  ['file of a stack, or of a local node', (folder) => writeWhole(join(folder, 'w.json'), 'x', 0o600), 'w.json'],
  ['pid of a process', (folder) => recordProcess(join(folder, 'p'), process.pid), 'p.pid'],
  [
    'context',
    (folder) =>
      saveContexts({ current: null, contexts: [{ name: 'n', url: 'u', token: 't' }] }, join(folder, 'c.json')),
    'c.json',
  ],
];

describe('on a full disk', () => {
  let folder: string;
  let disk: SmallDisk;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-full-'));
    disk = new SmallDisk(join(folder, 'disk'), 64);
    disk.fill();
  });

  afterEach(() => {
    disk.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [what, write, file] of WRITERS) {
    it(`a ${what} is refused with its path and what to do, and is written once there is room`, async () => {
      const attempt = async () => write(disk.folder);
      const refused: unknown = await attempt().then(
        () => null,
        (error: unknown) => error,
      );
      expect(refused).to.have.property('code').that.is.oneOf(['DISK_FULL', 'NOT_SAVED']);
      expect(refused).to.have.property('message').that.contains(join(disk.folder, file));
      expect(refused)
        .to.have.property('remedy')
        .that.matches(/^free space on /);
      disk.free();
      await attempt();
      expect(readdirSync(disk.folder)).to.include(file);
    });
  }
});
