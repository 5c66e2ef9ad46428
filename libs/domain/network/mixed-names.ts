import type { AliasName, SandboxId } from '#libs/contracts/ids.js';
import type { Topology } from '#libs/policy/model.js';

type Names = Pick<Topology, 'aliases' | 'sandboxes'>;

/** What to give in place of an alias where a sandbox is expected; undefined: the network has no such alias. */
export function sandboxToGive({ aliases }: Names, given: SandboxId): string | undefined {
  const meant = [...aliases.values()].find(({ alias }) => String(alias) === given);
  return meant && `${given} is an alias: give its sandbox, ${meant.sandboxId}`;
}

/** What to give in place of a sandbox where an alias is expected; undefined: no such sandbox is attached. */
export function aliasToGive({ aliases, sandboxes }: Names, given: AliasName): string | undefined {
  if (![...sandboxes.keys()].some((attached) => attached === String(given))) return undefined;
  const meant = [...aliases.values()].filter(({ sandboxId }) => sandboxId === String(given)).map(({ alias }) => alias);
  if (meant.length === 0) return `${given} is a sandbox, which publishes no alias yet`;
  return `${given} is a sandbox: give ${meant.length === 1 ? 'its alias' : 'one of its aliases'}, ${meant.join(', ')}`;
}
