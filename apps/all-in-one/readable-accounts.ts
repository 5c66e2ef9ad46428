import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes accounts of nats-server that cannot be read: it could not replace them by what the control plane gives it at
 * each start, and would serve nobody.
 */
export function removeUnreadableAccounts(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    try {
      readFileSync(path);
    } catch {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
