import { expect } from 'chai';
import fc from 'fast-check';
import { splitOutput } from '#libs/docker-engine/output-frames.js';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let rest = bytes;
  for (const size of sizes) {
    yield rest.subarray(0, size);
    rest = rest.subarray(size);
  }
  yield rest;
}

describe("the output of a container's command", () => {
  it('is told apart into output and errors, wherever the stream is cut', async () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string({ maxLength: 20 })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(12), { maxLength: 12 }), async (written, sizes) => {
        const stream = inPieces(Buffer.concat(written.map(([to, text]) => frame(to, text))), sizes);
        const read = { output: '', errors: '' };
        const pieces: Buffer[][] = [[], []];
        for await (const { isError, bytes } of splitOutput(stream)) pieces[isError ? 1 : 0]?.push(bytes);
        read.output = Buffer.concat(pieces[0] ?? []).toString();
        read.errors = Buffer.concat(pieces[1] ?? []).toString();
        const of = (stream: number) => written.flatMap(([to, text]) => (to === stream ? [text] : [])).join('');
        expect(read).to.deep.equal({ output: of(1), errors: of(2) });
      }),
    );
  });
});
