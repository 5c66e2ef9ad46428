import type { AliasPort } from '#libs/contracts/ports.js';
import type { AliasRecord } from './model.js';

/** What an alias publishes under this port; null: nothing. */
export function publishedPort({ ports }: Pick<AliasRecord, 'ports'>, port: number): AliasPort | null {
  return ports.find(({ published }) => published === port) ?? null;
}
