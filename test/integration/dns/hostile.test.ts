import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import { waitFor } from '#test/support/wait.js';
import { dig, type Served, sendRaw, serve } from './served.js';

const asking = (id: number): Buffer => Buffer.from(encode({ id, questions: [{ name: 'api.dev.gstacks', type: 'A' }] }));

const AT_ONCE = 100;

describe('DNS server under hostile packets', () => {
  let served: Served;
  before(async () => {
    served = await serve({ queriesPerSecondPerSource: 2_000 });
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
    const flood = Array.from({ length: 6_000 }, (_, index) => asking(index));
    await sendRaw(served.port, flood, 0);
    await waitFor('the flood is held', async () => (await served.server.counters()).rateLimited > 0);
    expect((await dig(served.port, '-b', '127.0.0.2', 'api.dev.gstacks')).status).to.equal('NOERROR');
  });

  it('answers each of many at once with its own id and name', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => index);
    const busy = await serve();
    const packets = ids.map((id) =>
      Buffer.from(
        encode({ id, questions: [{ name: id % 2 === 0 ? 'api.dev.gstacks' : `n${id}.dev.gstacks`, type: 'A' }] }),
      ),
    );
    const answers: ReturnType<typeof decode>[] = [];
    // As many at once as the default receive buffer of either side holds: UDP may drop what is over it.
    for (let first = 0; first < packets.length; first += AT_ONCE) {
      const some = packets.slice(first, first + AT_ONCE);
      answers.push(...(await sendRaw(busy.port, some, some.length)).map((answer) => decode(answer)));
    }
    await busy.server.close();
    for (const answer of answers) {
      const id = answer.id ?? -1;
      expect(answer.questions?.[0]?.name).to.equal(id % 2 === 0 ? 'api.dev.gstacks' : `n${id}.dev.gstacks`);
      expect(answer.answers).to.have.lengthOf(id % 2 === 0 ? 1 : 0);
    }
    expect(new Set(answers.map((answer) => answer.id)).size).to.equal(ids.length);
  });
});
