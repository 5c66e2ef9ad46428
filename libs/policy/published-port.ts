import type { AliasPort } from '#libs/contracts/ports.js';
import type { AliasRecord } from './model.js';

/** The port that an alias publishes under this number; null: it publishes no such port. */
export function publishedPort({ ports }: Pick<AliasRecord, 'ports'>, port: number): AliasPort | null {
  return ports.find(({ published }) => published === port) ?? null;
}
