import type { AliasName, NetworkId } from '#libs/contracts/ids.js';
import type { Route } from '#libs/data-plane/data-plane.js';
import type { Snapshot } from '#libs/policy/model.js';

/** One listener for each published port of each of these aliases that has an address here. */
export function routesOf(
  networkId: NetworkId,
  aliases: Snapshot['aliases'],
  addressOf: (alias: AliasName) => string | null,
): readonly Route[] {
  return aliases.flatMap(({ alias, ports }) => {
    const address = addressOf(alias);
    if (address === null) return [];
    return ports.map(({ published }) => ({ networkId, alias, address, port: published }));
  });
}

/** Both lists, what they share once: the time between two versions, when old and new listeners are open. */
export function routesOfBoth(one: readonly Route[], other: readonly Route[]): readonly Route[] {
  return [...new Map([...one, ...other].map((route) => [routeKey(route), route])).values()];
}

export function routeKey({ networkId, alias, address, port }: Route): string {
  return `${networkId} ${alias} ${address} ${port}`;
}
