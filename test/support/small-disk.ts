import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = Buffer.alloc(4_096);

/** A file system of this many KiB on a folder of the test, which the test fills. Needs root. */
export class SmallDisk {
  private readonly filler: string;
  private mounted = true;
  /** Also if the run ends before the test has. */
  private readonly unmountAtExit = (): void => this.unmount();

  constructor(
    readonly folder: string,
    kibibytes: number,
  ) {
    this.filler = join(folder, 'filler');
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k,mode=755`, 'gs-small-disk', folder]);
    process.once('exit', this.unmountAtExit);
  }

  /** Leaves no room for another byte. */
  fill(): void {
    const file = openSync(this.filler, 'a');
    try {
      for (;;) writeSync(file, BLOCK);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Removes what `fill` wrote. */
  free(): void {
    rmSync(this.filler, { force: true });
  }

  /** Also while files in it are open. */
  unmount(): void {
    if (!this.mounted) return;
    this.mounted = false;
    process.off('exit', this.unmountAtExit);
    execFileSync('umount', ['--lazy', this.folder]);
  }
}
