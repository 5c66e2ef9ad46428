import type { KeyHolderDto, StoreKeyDto } from '#libs/api-client/generated/index.js';
import { ago, secondsSince } from '../output/ago.js';

/** A line for each member: confirmed, or why not. */
export function holderLines({ holders }: Pick<StoreKeyDto, 'holders'>): readonly string[] {
  const width = Math.max(0, ...holders.map(({ id }) => id.length));
  return holders.map((holder) => `  ${holder.id.padEnd(width)}  ${holderText(holder)}`);
}

function holderText({ confirmed, reason, status, lastContactAt }: KeyHolderDto): string {
  if (confirmed) return 'confirmed';
  const heard = lastContactAt === null ? '' : `, last heard ${ago(secondsSince(lastContactAt, Date.now()))}`;
  return `waiting: ${reason ?? status}${status === 'ONLINE' ? '' : heard}`;
}

/** Agents that the next step waits for. */
export function waitingAgents({ holders }: Pick<StoreKeyDto, 'holders'>): readonly string[] {
  return holders.filter(({ kind, confirmed }) => kind === 'agent' && !confirmed).map(({ id }) => id);
}

/** Whether nobody is waited for: machines of developers, which block nothing, are waited for as well. */
export function isConfirmedByAll({ holders }: Pick<StoreKeyDto, 'holders'>, without: readonly string[]): boolean {
  return holders.every(({ id, confirmed }) => confirmed || without.includes(id));
}
