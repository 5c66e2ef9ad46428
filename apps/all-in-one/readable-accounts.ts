import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes nats-server's account files that cannot be read: it could not replace them with those of the control plane,
 * and would refuse all clients.
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
