import type { FilledAlias, NetworkModel } from './model.js';
import type { Manner, World } from './world.js';

const FILLING: Manner = { waits: true, waitSeconds: 5, byCommand: false };
const PREFIX = 'many-';
const manyAlias = (index: number): string => `${PREFIX}${String(index).padStart(5, '0')}`;

/** Most of the aliases that make a network large are never dialled; these are. */
export const DIALLED_OF_MANY: readonly string[] = [manyAlias(0), manyAlias(1)];

/** The published aliases that single writes are about, in order: a verdict that nobody tries proves nothing. */
export function dialledAliases({ aliases }: NetworkModel): readonly string[] {
  return Object.keys(aliases)
    .filter((alias) => !alias.startsWith(PREFIX) || DIALLED_OF_MANY.includes(alias))
    .toSorted();
}

/**
 * Publishes what networks lack to be as large as the world is to have them, one command each. Names that rules are
 * about stay free: only who publishes them by name may inherit these.
 */
export async function fill(world: World): Promise<readonly string[]> {
  const told: string[] = [];
  for (const network of world.networks) {
    const aliases = missingAliases(world.model.networks[network], world.aliases);
    if (aliases.length === 0 || !world.isCertain) continue;
    const { text } = await world.write({ kind: 'fill', network, aliases }, FILLING);
    told.push(text);
  }
  return told;
}

/** The names of the lowest numbers that are free, spread over the attached sandboxes. */
export function missingAliases(network: NetworkModel | undefined, count: number): readonly FilledAlias[] {
  if (network === undefined || network.attached.length === 0) return [];
  const { attached, aliases, rules } = network;
  const named = new Set([...Object.keys(aliases), ...Object.values(rules).flatMap(({ from, to }) => [from, to])]);
  const missing: FilledAlias[] = [];
  const lacking = count - Object.keys(aliases).length;
  for (let index = 0; missing.length < lacking; index += 1) {
    const [alias, sandbox] = [manyAlias(index), attached[index % attached.length]];
    if (sandbox !== undefined && !named.has(alias)) missing.push({ alias, sandbox });
  }
  return missing;
}
