import type { AliasPort } from '#libs/contracts/ports.js';
import type { AliasRecord } from './model.js';

/** The port that an alias publishes with this number; null: it publishes none. */
export function publishedPort({ ports }: Pick<AliasRecord, 'ports'>, port: number): AliasPort | null {
  return ports.find(({ published }) => published === port) ?? null;
}
