import { randomFillSync } from 'node:crypto';
import { type FlowId, parseFlowId } from '#libs/contracts/ids.js';

const ID_BYTES = 16;
const IDS_AT_ONCE = 256;

const random = Buffer.alloc(ID_BYTES * IDS_AT_ONCE);
let used = random.length;

/** An id of 128 random bits, in hexadecimal. The bits of many ids are drawn at once: one draw costs as much as many. */
export function newFlowId(): FlowId {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const id = random.toString('hex', used, used + ID_BYTES);
  used += ID_BYTES;
  return parseFlowId(id, 'flow id');
}
