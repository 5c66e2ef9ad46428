import type { Network } from '../api/shapes.js';
import { useObserved } from '../live/live-state.js';
import { OwnReceipt } from '../writes/network-receipt.js';
import { ownWrites } from '../writes/own-writes.js';

/** Shows the proof of deletions, since a deleted network has no page of its own. */
export function DeletedNetworks({ networks }: { readonly networks: readonly Network[] }) {
  const written = useObserved(ownWrites);
  const names = new Set(networks.map(({ name }) => name));
  return [...written.values()]
    .filter(({ network }) => !names.has(network))
    .map((own) => <OwnReceipt key={own.network} own={own} />);
}
