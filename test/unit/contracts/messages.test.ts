import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { parseHeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import { parseHelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseInventoryMessage, parseInventoryReply } from '#libs/contracts/bus/from-member/inventory.js';
import { parseSyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import { ProtocolUnsupportedError } from '#libs/contracts/bus/protocol.js';
import { parseReceipt } from '#libs/contracts/bus/receipt.js';
import { parseDiagnoseReply, parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parsePeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import { parseTopologyMessage, parseTopologyReply } from '#libs/contracts/bus/to-member/topology.js';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { CLONE } from '#test/support/clone.js';
import { examples, sandboxReport } from './message-examples.js';

const parsers: { readonly [name: string]: (value: unknown) => object } = {
  topology: parseTopologyMessage,
  topologyReply: parseTopologyReply,
  applied: parseAppliedMessage,
  hello: parseHelloMessage,
  heartbeat: parseHeartbeatMessage,
  contactReply: parseContactReply,
  sync: parseSyncMessage,
  inventory: parseInventoryMessage,
  inventoryReply: parseInventoryReply,
  control: parsePeersMessage,
  acknowledgement: parseReceipt,
  resolve: parseDiagnoseRequest,
  checks: parseDiagnoseRequest,
  held: parseDiagnoseRequest,
  heldReply: parseDiagnoseReply,
  flows: parseDiagnoseRequest,
  deniedNames: parseDiagnoseRequest,
  deniedNamesReply: parseDiagnoseReply,
  flowsReply: parseDiagnoseReply,
  resolveReply: parseDiagnoseReply,
  checksReply: parseDiagnoseReply,
};

/** Members that an earlier release omits. */
const NEWER: readonly string[] = [
  'inventory.refused',
  'inventory.part',
  'hello.takesDeltas',
  'heartbeat.takesDeltas',
  'hello.peersRevision',
  'heartbeat.peersRevision',
  'control.changes',
  'hello.refusedFlows',
  'heartbeat.refusedFlows',
  ...['contactReply', 'control'].map((name) => `${name}.peers.0.keyThumbprint`),
  ...['isolationEvidence', 'isolationRemedy', 'container', 'paused'].map((name) => `inventory.sandboxes.0.${name}`),
];

function isNewer(name: string, place: Place): boolean {
  return NEWER.includes([name, ...place].join('.'));
}

for (const [name, parse] of Object.entries(parsers)) {
  describe(`the message ${name}`, () => {
    const example = () => structuredClone(examples[name] ?? {});

    it('is taken as it was sent', () => expect(parse(example())).to.deep.equal(example()));

    it('loses what nobody asked for', () => {
      expect(parse({ ...example(), extra: 'x' })).to.deep.equal(example());
    });

    for (const value of [undefined, null, 7, 'text', [], true]) {
      it(`is not ${JSON.stringify(value) ?? 'nothing'}`, () =>
        expect(() => parse(value)).to.throw(InvalidInputError, 'message'));
    }

    it('is refused in another protocol, and both are named', () => {
      expect(() => parse({ ...example(), protocol: 3 })).to.throw(ProtocolUnsupportedError, /protocol 3.*protocol .*2/);
      expect(() => parse(changed(example(), ['protocol'], undefined))).to.throw(ProtocolUnsupportedError, 'none');
    });

    for (const place of placesOf(example()).filter((one) => !isNewer(name, one))) {
      it(`is refused without ${place.join('.')}, which is named`, () => {
        expect(() => parse(changed(example(), place, undefined))).to.throw(InvalidInputError, String(place.at(-1)));
      });
    }

    it('survives anything in any place: taken whole, or refused by name', () => {
      const places = placesOf(example());
      fc.assert(
        fc.property(
          fc.constantFrom(...places),
          fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.integer(), fc.constant(-0)),
          (place, value) => {
            try {
              const parsed = parse(changed(example(), place, value));
              expect(parse(JSON.parse(JSON.stringify(parsed)))).to.deep.equal(parsed);
            } catch (error) {
              // An acknowledgement within a heartbeat names its own protocol.
              if (error instanceof ProtocolUnsupportedError && name === 'heartbeat') return;
              expect(error).to.be.instanceOf(InvalidInputError);
            }
          },
        ),
      );
    });
  });
}

describe('an inventory of an earlier release', () => {
  it('is read: what it does not know of is not known', () => {
    const { refused: _refused, ...rest } = structuredClone(examples.inventory ?? {}) as { [name: string]: unknown };
    const known = ['sandboxId', 'address', 'isolation', 'source', 'dns', 'dnsRemedy', 'namespace'];
    const earlier = Object.fromEntries(Object.entries(sandboxReport).filter(([name]) => known.includes(name)));
    const { sandboxes, refused } = parseInventoryMessage({ ...rest, sandboxes: [earlier] });
    expect(refused).to.deep.equal([]);
    expect(sandboxes).to.deep.equal([
      { ...earlier, isolationEvidence: null, isolationRemedy: null, container: null, paused: false },
    ]);
  });
});

describe('messages of the protocol before, as they were recorded', () => {
  const recorded: { readonly [name: string]: object } = JSON.parse(
    readFileSync(join(CLONE, 'test/fixtures/bus-messages-protocol-1.json'), 'utf8'),
  );
  const fromMembers = ['topologyReply', 'applied', 'hello', 'heartbeat', 'sync', 'inventory', 'acknowledgement'];
  for (const name of [...fromMembers, 'resolveReply', 'checksReply']) {
    it(`${name} is taken by the control plane, which is told the protocol`, () => {
      const parsed = parsers[name]?.(recorded[name]);
      // Members that were added later are read as unknown; everything else is read as sent.
      expect(membersOf(parsed, recorded[name])).to.deep.equal(recorded[name]);
      expect(parsed).to.have.property('protocol', 1);
    });
  }
});

describe('what an agent of protocol 1 decides', () => {
  for (const [status, effect] of [
    ['pass', 'allow'],
    ['fail', null],
  ] as const) {
    it(`is ${effect ?? 'not known'} where its check of the policy says ${status}`, () => {
      const checks = [{ code: 'POLICY', status, evidence: 'seen', remedy: null }];
      expect(parseDiagnoseReply({ protocol: 1, kind: 'checks', checks })).to.deep.include({ effect });
    });
  }
});

describe('bounds of messages', () => {
  const rows: readonly (readonly [name: string, what: string, place: Place, value: unknown])[] = [
    ['topology', 'a part beyond the count', ['part', 'index'], 3],
    ['topology', 'too many parts', ['part', 'count'], 5000],
    ['topology', 'a body larger than the bus carries', ['body'], 'x'.repeat(1_048_577)],
    ['topology', 'a hash in capitals', ['hash'], 'A'.repeat(64)],
    ['topology', 'a version below zero', ['to'], -1],
    ['topology', 'a term in text', ['term'], '7'],
    ['applied', 'a flow id that is none', ['flowsCut'], ['x']],
    ['applied', 'more flows than one agent has', ['flowsCut'], Array(100_001).fill('0'.repeat(32))],
    ['applied', 'a time in words', ['appliedAt'], 'yesterday'],
    ['applied', 'a year and no more', ['appliedAt'], '2026'],
    ['applied', 'a day that is none', ['appliedAt'], '2026-13-41T00:00:00Z'],
    ['applied', 'an outcome of its own', ['outcome'], 'done'],
    ['applied', 'a failure of an alias that cannot be', ['aliasFailures'], [{ alias: 'any', code: 'X', message: '' }]],
    ['hello', 'a boot id with a line break', ['bootId'], 'a\nb'],
    ['hello', 'a network that is none', ['networks'], [{}]],
    ['inventory', 'a sandbox twice', ['sandboxes'], [sandboxReport, sandboxReport]],
    ['inventory', 'a state of DNS of its own', ['sandboxes', 0, 'dns'], 'fine'],
    ['inventory', 'another isolation', ['sandboxes', 0, 'isolation'], 'perfect'],
    ['inventory', 'a container without an Engine', ['sandboxes', 0, 'container'], { id: 'c1', name: 'api' }],
    ['inventory', 'a refusal of a bad id', ['refused', 0, 'sandboxId'], 'a b'],
    ['inventoryReply', 'another code', ['conflicts', 0, 'code'], 'MOVED'],
    ['control', 'another kind', ['kind'], 'exec'],
    ['checks', 'a selector that is none', ['from'], 'everybody:x'],
    ['checks', 'port 0', ['port'], 0],
    ['checks', 'a role of its own', ['role'], 'both'],
    ['checks', 'a hash that is none', ['hash'], 'ab'],
    ['checksReply', 'an effect of its own', ['effect'], 'perhaps'],
    ['checksReply', 'a check of its own', ['checks', 0, 'code'], 'SHELL'],
    ['checksReply', 'more checks than there are', ['checks'], Array(17).fill({})],
    ['acknowledgement', 'a yes in text', ['ok'], 'true'],
  ];
  for (const [name, what, place, value] of rows) {
    it(`${name} has no ${what}`, () => {
      const example = structuredClone(examples[name] ?? {});
      expect(() => parsers[name]?.(changed(example, place, value))).to.throw(InvalidInputError);
    });
  }
});

/** The members of a value, at any depth, that the example also has. */
function membersOf(value: unknown, example: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(example)) return value.map((item, at) => membersOf(item, example[at]));
  if (typeof value !== 'object' || value === null || typeof example !== 'object' || example === null) return value;
  const names = new Set(Object.keys(example));
  const kept = Object.entries(value).filter(([name]) => names.has(name));
  return Object.fromEntries(kept.map(([name, member]) => [name, membersOf(member, Reflect.get(example, name))]));
}

type Place = readonly (string | number)[];

/** The path of every member of a message except its protocol; lists are inspected at their first element. */
function placesOf(value: unknown, at: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? value.slice(0, 1).map((item) => [0, item] as const) : Object.entries(value);
  return entries.flatMap(([key, member]) => {
    if (key === 'protocol') return [];
    const place = [...at, key];
    return Array.isArray(value) ? placesOf(member, place) : [place, ...placesOf(member, place)];
  });
}

function changed(value: unknown, [key, ...rest]: Place, to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? changed(item, rest, to) : item));
  const members = value as { readonly [key: string]: unknown };
  return { ...members, [key]: changed(members[String(key)], rest, to) };
}
