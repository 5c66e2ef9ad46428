import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import { waitFor } from '#test/support/wait.js';
import { dig, type Served, sendRaw, serve } from './served.js';

const asking = (id: number): Buffer => Buffer.from(encode({ id, questions: [{ name: 'api.dev.gstacks', type: 'A' }] }));

describe('DNS server under hostile packets', () => {
  let served: Served;
  before(async () => {
    served = await serve();
  });
  after(() => served.server.close());

  it('counts what is malformed and goes on answering', async () => {
    const bomb = Buffer.from([0, 9, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...Buffer.alloc(16)]);
    const response = asking(1);
    response[2] = 0x80;
    const loop = Buffer.from([0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1]);
    const before = await served.server.counters();
    const answers = await sendRaw(served.port, [bomb, response, Buffer.from('x'), Buffer.alloc(0), loop, asking(2)], 3);
    expect(answers.map((answer) => [answer.readUInt16BE(0), (answer[3] ?? 0) & 0x0f])).to.deep.equal([
      [9, 1],
      [8, 1],
      [2, 0],
    ]);
    const after = await served.server.counters();
    expect(after.malformed - before.malformed).to.equal(5);
    expect(after.queries - before.queries).to.equal(6);
  });

  it('survives a thousand random packets', async () => {
    const noise = Array.from({ length: 1_000 }, (_, index) => randomBytes(index % 600));
    await Promise.allSettled([sendRaw(served.port, noise, 0)]);
    expect((await dig(served.port, 'api.dev.gstacks')).answers).to.deep.equal(['A 127.77.0.1']);
    expect(served.events).to.deep.equal([]);
  });

  it('holds each source to its rate and no other', async () => {
    const strict = await serve({ queriesPerSecondPerSource: 100 });
    try {
      const flood = Array.from({ length: 200 }, (_, index) => asking(index));
      await waitFor('the flood is held', async () => {
        await sendRaw(strict.port, flood, 0);
        return (await strict.server.counters()).rateLimited > 0;
      });
      expect((await dig(strict.port, '-b', '127.0.0.2', 'api.dev.gstacks')).status).to.equal('NOERROR');
    } finally {
      await strict.server.close();
    }
  });

  it('answers each of many at once with its own id and name', async () => {
    const nameOf = (id: number): string => (id % 2 === 0 ? 'api.dev.gstacks' : `n${id}.dev.gstacks`);
    const busy = await serve();
    try {
      const seen = new Set<number>();
      for (let first = 0; first < 500; first += 50) {
        const ids = Array.from({ length: 50 }, (_, index) => first + index);
        const packets = ids.map((id) => Buffer.from(encode({ id, questions: [{ name: nameOf(id), type: 'A' }] })));
        for (const answer of (await sendRaw(busy.port, packets, ids.length)).map((bytes) => decode(bytes))) {
          const id = answer.id ?? -1;
          expect(answer.questions?.[0]?.name).to.equal(nameOf(id));
          expect(answer.answers).to.have.lengthOf(id % 2 === 0 ? 1 : 0);
          seen.add(id);
        }
      }
      expect(seen.size).to.equal(500);
    } finally {
      await busy.server.close();
    }
  });
});
