import { expect } from 'chai';
import { encode } from 'dns-packet';
import type { DnsLimits } from '#libs/data-plane/dns/limits.js';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';
import { answerWith, type Script, servedBehind, withRcode } from './resolvers.js';
import { dig, type Served, sendRaw } from './served.js';

const LIMITS = { upstreamTimeoutMs: 1_000, upstreamDoubtMs: 100, upstreamProbeMs: 600, upstreamProbeEveryMs: 100 };

const asking = (id: number, name: string): Buffer =>
  Buffer.from(encode({ id, flags: 0x100, questions: [{ name, type: 'A' }] }));

describe('DNS resolvers that do not answer', () => {
  const { scripted, ...behind } = servedBehind();
  const serveWith = (upstreams: readonly string[], limits: Partial<DnsLimits> = {}) =>
    behind.serveWith(upstreams, { ...LIMITS, ...limits });
  const told = ({ events }: Served) => events.map((event) => ('address' in event ? event.kind : event));

  const rows: readonly [what: string, answer: Script | null][] = [
    ['says nothing', () => null],
    ['says what is no answer', () => [Buffer.from('noise')]],
    ['is not there', null],
  ];
  for (const [what, answer] of rows) {
    it(`one that ${what} costs the first question its time, and the others none: SERVFAIL with the reason`, async () => {
      const resolver = answer === null ? null : await scripted(answer);
      const serving = await serveWith([resolver?.address ?? `127.0.0.1:${await freePort()}`]);
      const first = await dig(serving.port, 'first.example');
      expect(first.status).to.equal('SERVFAIL');
      expect(first.text).to.include('EDE: 22 (No Reachable Authority)');
      expect(told(serving)).to.deep.equal(['upstream-silent']);
      const asked = resolver?.asked.udp ?? 0;
      const packets = Array.from({ length: 100 }, (_, id) => asking(id, `n${id}.example`));
      const answers = await sendRaw(serving.port, packets, 100);
      expect(answers.every((message) => ((message[3] ?? 0) & 0x0f) === 2)).to.equal(true);
      // No resolver was asked, so nothing was waited for.
      expect(resolver?.asked.udp ?? 0).to.equal(asked);
      expect((await dig(serving.port, '+noedns', 'last.example')).text).to.not.include('EDE');
      expect((await serving.server.counters()).upstreamFailures).to.equal(102);
    });
  }

  for (const [what, probed] of [
    ['answers', (question) => [answerWith(question, '192.0.2.1')]],
    ['refuses the probe and answers the rest', (question) => [refusing(question)]],
  ] as const satisfies readonly [string, Script][]) {
    it(`one that ${what} again is asked again`, async () => {
      let well = false;
      const resolver = await scripted((question) => (well ? probed(question) : null));
      const serving = await serveWith([resolver.address]);
      expect((await dig(serving.port, 'a.example')).status).to.equal('SERVFAIL');
      const probes = resolver.asked.probes;
      await waitFor('it is probed again and again', () => resolver.asked.probes > probes + 2);
      well = true;
      await waitFor('it is found well', () => told(serving).length === 2);
      expect(told(serving)).to.deep.equal(['upstream-silent', 'upstream-answers']);
      expect((await dig(serving.port, 'b.example')).answers).to.deep.equal(['A 192.0.2.1']);
      const { probes: after } = resolver.asked;
      expect((await dig(serving.port, 'c.example')).answers).to.deep.equal(['A 192.0.2.1']);
      expect(resolver.asked.probes).to.equal(after);
    });
  }

  it('for one name are not taken for silent, and others are answered meanwhile', async () => {
    const resolver = await scripted((question) =>
      question.questions?.[0]?.name === 'slow.example' ? null : [answerWith(question, '192.0.2.1')],
    );
    // The probe's time-out is long enough for a busy machine.
    const serving = await serveWith([resolver.address], { upstreamProbeMs: 8_000 });
    const slow = dig(serving.port, 'slow.example');
    await waitFor('it is probed', () => resolver.asked.probes > 0);
    expect((await dig(serving.port, 'a.example')).answers).to.deep.equal(['A 192.0.2.1']);
    const result = await slow;
    expect(result.status).to.equal('SERVFAIL');
    expect(result.text).to.include('EDE: 23 (Network Error)');
    expect(told(serving)).to.deep.equal([]);
  });

  it('are passed over while another answers', async () => {
    const silent = await scripted(() => null);
    const good = await scripted((question) => [answerWith(question, '192.0.2.1')]);
    const serving = await serveWith([silent.address, good.address]);
    for (const name of ['a.example', 'b.example', 'c.example']) {
      expect((await dig(serving.port, name)).answers).to.deep.equal(['A 192.0.2.1']);
    }
    expect(silent.asked.udp).to.equal(1);
    expect(told(serving)).to.deep.equal(['upstream-silent']);
  });

  it('make those fail at once that wait for an answer or for their turn', async () => {
    const silent = await scripted(() => null);
    const serving = await serveWith([silent.address]);
    const packets = Array.from({ length: 200 }, (_, id) => asking(id, `n${id}.example`));
    const answers = await sendRaw(serving.port, packets, 200);
    expect(answers.every((message) => ((message[3] ?? 0) & 0x0f) === 2)).to.equal(true);
    expect(silent.asked.udp).to.be.within(1, 64);
  });
});

function refusing(question: Parameters<Script>[0]): Buffer {
  if (question.questions?.[0]?.name === '.') return withRcode(answerWith(question), 5);
  return answerWith(question, '192.0.2.1');
}
