import { expect } from 'chai';
import fc from 'fast-check';
import { createFrameReader, MAX_QUERY_BYTES } from '#libs/data-plane/dns/tcp-frames.js';

function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

describe('DNS frames over TCP', () => {
  it('come out as they went in, however the stream is cut', () => {
    const messages = fc.array(fc.uint8Array({ minLength: 12, maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 })), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(framed));
        const reader = createFrameReader();
        const received: Buffer[] = [];
        let offset = 0;
        for (const size of [...cuts, stream.length]) {
          received.push(...(reader.push(stream.subarray(offset, offset + size)) ?? []));
          offset += size;
        }
        expect(received.map((message) => message.toString('hex'))).to.deep.equal(
          sent.map((message) => Buffer.from(message).toString('hex')),
        );
      }),
    );
  });

  for (const length of [0, 11, MAX_QUERY_BYTES + 1, 65_535]) {
    it(`a message of ${length} octets ends the connection`, () => {
      expect(createFrameReader().push(Buffer.of(length >> 8, length & 0xff))).to.equal(null);
    });
  }
});
