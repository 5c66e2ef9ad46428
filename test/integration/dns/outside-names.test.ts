import { expect } from 'chai';
import { encode, type Packet } from 'dns-packet';
import { type ScriptedResolver, startScripted, withRcode } from './resolvers.js';
import { dig, type Served, serve } from './served.js';

/**
 * How resolvers look up `api.dev.gstacks` with a search list, if the network `dev` exists for the client and if not.
 */
const SEARCHED: readonly [source: string, name: string, isAsked: boolean][] = [
  ['127.0.0.1', 'api.dev.gstacks.svc.cluster.local', false],
  ['127.0.0.1', 'API.Dev.GStacks.lan', false],
  ['127.0.0.1', 'none.dev.gstacks.example.com', false],
  ['127.0.0.1', 'dev.gstacks.example.com', false],
  ['127.0.0.1', 'x.api.dev.gstacks.example.com', false],
  ['127.0.0.1', 'gstacks.api.dev.gstacks.lan', false],
  ['127.0.0.1', 'db.prod.gstacks.example.com', true],
  ['127.0.0.2', 'db.prod.gstacks.example.com', false],
  ['127.0.0.1', 'www.gstacks.example.com', true],
  ['127.0.0.1', 'gstacks.example.com', true],
  ['127.0.0.1', 'dev.notgstacks.example.com', true],
  ['127.0.0.1', 'api.dev.example.com', true],
];

describe('DNS names outside the suffix that have to do with names below it', () => {
  let resolver: ScriptedResolver;
  let served: Served;
  before(async () => {
    resolver = await startScripted((question) => [answer(question)]);
    const forbiddenRanges = ['127.77.0.0/16', '10.76.0.0/16', '100.64.0.0/10', 'fd7a:115c:a1e0::/48'];
    served = await serve({ upstreams: [resolver.address], forbiddenRanges });
  });
  after(async () => {
    await served.server.close();
    await resolver.stop();
  });

  for (const [source, name, isAsked] of SEARCHED) {
    it(`${name} asked by ${source}: ${isAsked ? 'the resolver is asked' : 'NXDOMAIN at once'}`, async () => {
      const before = resolver.asked.udp;
      const result = await dig(served.port, '-b', source, name);
      expect(result.status).to.equal(isAsked ? 'NOERROR' : 'NXDOMAIN');
      expect(result.authority).to.deep.equal([]);
      expect(resolver.asked.udp - before).to.equal(isAsked ? 1 : 0);
    });
  }

  const reverse: readonly [address: string, isAsked: boolean, status: string][] = [
    ['127.77.0.1', false, 'NOERROR'],
    ['127.77.0.9', false, 'NXDOMAIN'],
    ['10.76.0.2', false, 'NXDOMAIN'],
    ['100.100.0.1', false, 'NXDOMAIN'],
    ['fd7a:115c:a1e0::1', false, 'NXDOMAIN'],
    ['127.0.0.1', false, 'NXDOMAIN'],
    ['::1', false, 'NXDOMAIN'],
    ['fe80::1', false, 'NXDOMAIN'],
    ['169.254.169.254', false, 'NXDOMAIN'],
    ['::ffff:127.77.0.1', false, 'NXDOMAIN'],
    ['192.0.2.1', true, 'NOERROR'],
    ['2001:db8::1', true, 'NOERROR'],
  ];
  for (const [address, isAsked, status] of reverse) {
    it(`the reverse look-up of ${address} ${isAsked ? 'goes to the resolver' : `stays here: ${status}`}`, async () => {
      const before = resolver.asked.udp;
      expect((await dig(served.port, '-x', address)).status).to.equal(status);
      expect(resolver.asked.udp - before).to.equal(isAsked ? 1 : 0);
    });
  }

  const API = ['CNAME api.dev.gstacks.', 'A 127.77.0.1'];
  const aliases: readonly [what: string, args: readonly string[], status: string, answers: readonly string[]][] = [
    ['an alias', ['api.alias.test'], 'NOERROR', API],
    ['an alias that the resolver fails for', ['api.failing.test'], 'NOERROR', API],
    ['an alias, over TCP', ['+tcp', 'api.alias.test'], 'NOERROR', API],
    ['an alias, asked without EDNS', ['+noedns', 'api.alias.test'], 'NOERROR', API],
    ['an alias for which the resolver has an address of its own', ['api.hijacked.test'], 'NOERROR', API],
    ['an alias, asked for a type that it does not have', ['api.alias.test', 'AAAA'], 'NOERROR', API.slice(0, 1)],
    ['no alias', ['none.alias.test'], 'NXDOMAIN', ['CNAME none.dev.gstacks.']],
    ['an alias of a network that the asker is not in', ['db.foreign.test'], 'NXDOMAIN', ['CNAME db.prod.gstacks.']],
    [
      'an alias of a network that the asker is in',
      ['-b', '127.0.0.2', 'db.foreign.test'],
      'NOERROR',
      ['CNAME db.prod.gstacks.', 'A 127.77.0.2'],
    ],
    ['an alias, asked for the record itself', ['api.alias.test', 'CNAME'], 'NXDOMAIN', ['CNAME api.dev.gstacks.']],
  ];
  for (const [what, args, status, answers] of aliases) {
    it(`that stand for ${what} are followed: ${args.join(' ')}`, async () => {
      const result = await dig(served.port, ...args);
      expect([result.status, ...result.answers]).to.deep.equal([status, ...answers]);
      expect(result.flags).to.not.include('aa');
      expect(result.text).to.not.match(/malformed|mismatch|extra bytes/i);
    });
  }
});

/** `<alias>.alias.test` points to that alias of dev, and so on; all other names have an address. */
function answer(question: Packet): Buffer {
  const name = question.questions?.[0]?.name ?? '.';
  const [alias = '', kind] = name.toLowerCase().split('.');
  const target = `${alias}.${kind === 'foreign' ? 'prod' : 'dev'}.gstacks`;
  const cname = { type: 'CNAME' as const, name, ttl: 60, data: target };
  const reply = (answers: Packet['answers']): Buffer =>
    Buffer.from(
      encode({ id: question.id ?? 0, type: 'response', questions: question.questions ?? [], answers: answers ?? [] }),
    );
  switch (name.endsWith('.test') ? kind : '') {
    case 'alias':
    case 'foreign':
      return withRcode(reply([cname]), 3);
    case 'failing':
      return withRcode(reply([cname]), 2);
    case 'hijacked':
      return reply([cname, { type: 'A', name: target, ttl: 60, data: '198.51.100.9' }]);
    default:
      return reply([{ type: 'A', name, ttl: 60, data: '192.0.2.1' }]);
  }
}
