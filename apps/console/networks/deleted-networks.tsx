import type { Network } from '../api/shapes.js';
import { useObserved } from '../live/live-state.js';
import { OwnReceipt } from '../writes/network-receipt.js';
import { ownWrites } from '../writes/own-writes.js';

/** A deletion is proven like any other write, and its network has no page to say so. */
export function DeletedNetworks({ networks }: { readonly networks: readonly Network[] }) {
  const written = useObserved(ownWrites);
  const names = new Set(networks.map(({ name }) => name));
  return [...written.values()]
    .filter(({ network }) => !names.has(network))
    .map((own) => <OwnReceipt key={own.network} own={own} />);
}
