/** A piece of what a command wrote. */
export interface OutputPiece {
  readonly isError: boolean;
  readonly bytes: Buffer;
}

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Takes the Engine's stream of a command without a terminal apart: frames of a header (stream, three zeros, length as
 * 32 bits, big-endian) and that many bytes. A frame is passed on piece by piece, as it comes.
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
