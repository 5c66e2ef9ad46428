import type { InventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';

/** Bytes of a message without its sandboxes and refused sandboxes. */
const ENVELOPE_BYTES = 1_024;

/** Splits the inventory into messages of at most this many bytes of JSON, without splitting an item. */
export function inventoryParts(
  inventory: Omit<InventoryMessage, 'part'>,
  maxBytes: number,
): readonly InventoryMessage[] {
  const parts: {
    sandboxes: InventoryMessage['sandboxes'][number][];
    refused: InventoryMessage['refused'][number][];
  }[] = [];
  let left = 0;
  const partFor = (item: object) => {
    const bytes = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (parts.length === 0 || bytes > left) {
      parts.push({ sandboxes: [], refused: [] });
      left = maxBytes - ENVELOPE_BYTES;
    }
    left -= bytes;
    return parts.at(-1);
  };
  for (const report of inventory.sandboxes) partFor(report)?.sandboxes.push(report);
  for (const refusal of inventory.refused) partFor(refusal)?.refused.push(refusal);
  if (parts.length === 0) parts.push({ sandboxes: [], refused: [] });
  return parts.map((items, index) => ({ ...inventory, ...items, part: { index, count: parts.length } }));
}
