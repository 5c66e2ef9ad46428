import { HEADER_BYTES } from './protocol.js';

/** Longer than any real query; limits what one connection can make the server hold. */
export const MAX_QUERY_BYTES = 4096;

/** Splits a stream into messages, each preceded by its length in two octets (RFC 1035 section 4.2.2). */
export interface FrameReader {
  /** The messages that this chunk completes; null: the stream is not DNS and must be closed. */
  push(chunk: Buffer): readonly Buffer[] | null;
}

/** Holds at most one unfinished message, however slowly it arrives. */
export function createFrameReader(): FrameReader {
  const held = Buffer.alloc(2 + MAX_QUERY_BYTES);
  let heldBytes = 0;

  /** Copies octets from the chunk until `held` has `wanted` of them or the chunk ends; returns the new offset. */
  function fill(chunk: Buffer, offset: number, wanted: number): number {
    const taken = Math.min(wanted - heldBytes, chunk.length - offset);
    chunk.copy(held, heldBytes, offset, offset + taken);
    heldBytes += taken;
    return offset + taken;
  }

  return {
    push(chunk) {
      const messages: Buffer[] = [];
      let offset = 0;
      while (offset < chunk.length) {
        if (heldBytes < 2) offset = fill(chunk, offset, 2);
        if (heldBytes < 2) break;
        const length = held.readUInt16BE(0);
        if (length < HEADER_BYTES || length > MAX_QUERY_BYTES) return null;
        offset = fill(chunk, offset, 2 + length);
        if (heldBytes < 2 + length) break;
        messages.push(Buffer.from(held.subarray(2, 2 + length)));
        heldBytes = 0;
      }
      return messages;
    },
  };
}
