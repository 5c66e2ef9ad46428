import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of secrets, one a file, readable by its owner alone. */
export class KeyFiles {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }

  /** The file's text; made and kept when it does not exist yet. */
  readOrCreate(name: string, create: () => string): string {
    const path = join(this.folder, name);
    if (existsSync(path)) return readFileSync(path, 'utf8').trim();
    const text = create();
    // Written aside and renamed, so that a crash leaves no half of a key.
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return text;
  }
}
