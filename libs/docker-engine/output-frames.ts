/** A piece of a command's output. */
export interface OutputPiece {
  readonly isError: boolean;
  readonly bytes: Buffer;
}

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Splits the Engine's stream of a command without a terminal into frames: a header (stream number, three zeros, 32-bit
 * big-endian length), then that many bytes. Each frame is passed on in pieces as it arrives.
 */
export async function* splitOutput(chunks: AsyncIterable<Buffer>): AsyncGenerator<OutputPiece> {
  let header = Buffer.alloc(0);
  let left = 0;
  let isError = false;
  for await (const chunk of chunks) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = HEADER_BYTES - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < HEADER_BYTES) break;
        isError = header[0] === STDERR;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const bytes = rest.subarray(0, left);
      rest = rest.subarray(left);
      left -= bytes.length;
      yield { isError, bytes };
    }
  }
}
