import { renameSync, symlinkSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** Replaces a folder by a link each time that it is made, until it is terminated. */
const { path, target } = workerData as { readonly path: string; readonly target: string };
for (let count = 0; ; count += 1) {
  try {
    renameSync(path, `${path}.${count}`);
    symlinkSync(target, path);
  } catch {
    // It is not there yet.
  }
}
