import { expect } from 'chai';
import fc from 'fast-check';
import { type AliasName, parseAliasName, type RuleId, type SandboxId } from '#libs/contracts/ids.js';
import type { PrintedRule } from '#libs/contracts/rules.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import { eventOf } from '#libs/domain/aggregate.js';
import { storedEvent } from '#libs/domain/aggregates.js';
import { DomainError } from '#libs/domain/decision.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { printCheckpoint, readCheckpoint } from '#libs/domain/network/checkpoint.js';
import type { NetworkCommand } from '#libs/domain/network/commands.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetwork, evolveNetworkThrough } from '#libs/domain/network/state.js';
import { compile, participants } from '#libs/policy/compile.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { Topology } from '#libs/policy/model.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { snapshotText } from '#libs/policy/snapshot-text.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import {
  agentName,
  aliasName,
  EVERY_SOURCE,
  labels,
  portNumber,
  sandboxName,
  selectorText,
} from '#test/unit/policy/arbitraries.js';
import { inPlainMaps } from '#test/unit/policy/network-events.js';
import { standsFor } from '#test/unit/policy/reference-evaluator.js';
import { type SinceVersions, sinceByWalkingBack } from '#test/unit/policy/since-by-walking-back.js';
import {
  addRule,
  attach,
  create,
  detach,
  place,
  publish,
  relabel,
  remove,
  removeRule,
  unpublish,
} from './network-commands.js';

const ruleName = fc.constantFrom('0001', '0002', '0003', '0004', '0005', '0006');
const ports = fc.uniqueArray(portNumber, { minLength: 1 });
const effect = fc.constantFrom('allow', 'deny');

const asked = { inheritRules: fc.boolean(), replacePorts: fc.boolean() };

const attachment = fc
  .record({ id: sandboxName, agent: agentName, labels, as: fc.option(aliasName), ports, ...asked })
  .map(({ id, as, ...options }) => attach(id, as === null ? options : { ...options, as }));

const command: fc.Arbitrary<NetworkCommand> = fc.oneof(
  { weight: 6, arbitrary: attachment },
  { weight: 2, arbitrary: sandboxName.map(detach) },
  { weight: 4, arbitrary: fc.tuple(sandboxName, aliasName, ports, fc.record(asked)).map((of) => publish(...of)) },
  { weight: 2, arbitrary: aliasName.map(unpublish) },
  { weight: 8, arbitrary: fc.tuple(ruleName, effect, selectorText, aliasName, portNumber).map((of) => addRule(...of)) },
  { weight: 2, arbitrary: ruleName.map(removeRule) },
  { weight: 1, arbitrary: fc.tuple(sandboxName, fc.option(agentName)).map((of) => place(...of)) },
  { weight: 1, arbitrary: fc.tuple(sandboxName, labels).map((of) => relabel(...of)) },
);
const rare = fc.oneof({ weight: 40, arbitrary: command }, { weight: 1, arbitrary: fc.boolean().map(remove) });
const commands = fc.array(rare, { maxLength: 40, size: 'max' }).map((rest) => [create(), ...rest]);

/** One port with many rules, so that most allows meet a deny; attachments and aliases change meanwhile. */
const rulesOfOnePort = fc
  .array(
    fc.oneof(
      {
        weight: 10,
        arbitrary: fc.tuple(ruleName, effect, selectorText).map(([id, of, from]) => addRule(id, of, from, 'api', 80)),
      },
      { weight: 3, arbitrary: ruleName.map(removeRule) },
      { weight: 3, arbitrary: command },
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((rest) => [
    create(),
    attach('sbx-1', { as: 'api', ports: [80], labels: { tier: 'web' } }),
    attach('sbx-2', { as: 'web', ports: [80], labels: { tier: 'web', team: 'db' } }),
    attach('sbx-3', { labels: { constructor: 'db' } }),
    ...rest,
  ]);

/** Runs the commands and calls back after each that succeeded. */
function run(
  sequence: readonly NetworkCommand[],
  after: (network: Topology, events: readonly NetworkEvent[], command: NetworkCommand) => void,
): readonly NetworkEvent[] {
  const log: NetworkEvent[] = [];
  let network: Topology | null = null;
  for (const next of sequence) {
    const decision = decideNetwork(next, network);
    if (decision instanceof DomainError) continue;
    for (const event of decision.events) network = evolveNetwork(network, event);
    log.push(...decision.events);
    if (network !== null) after(network, decision.events, next);
  }
  return log;
}

describe('whatever commands a network is given', () => {
  it('an alias belongs to an attached sandbox, and a deleted network is empty', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        run(sequence, ({ aliases, sandboxes, deleted }) => {
          for (const { sandboxId } of aliases.values()) expect(sandboxes.has(sandboxId)).to.equal(true);
          if (deleted) expect([sandboxes.size, aliases.size]).to.deep.equal([0, 0]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('its version counts its events, and replaying them gives the same network', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        let live: Topology | null = null;
        const log = run(sequence, (network) => {
          live = network;
        });
        const stored = log.map((event) => JSON.parse(JSON.stringify(storedEvent(event))));
        const replayed = evolveNetworkThrough(
          null,
          stored.map((event) => eventOf(NETWORK, event)),
        );
        expect(replayed && inPlainMaps(replayed)).to.deep.equal(live && inPlainMaps(live));
        expect(replayed?.version).to.equal(log.length);
      }),
    );
  });

  it('a checkpoint of any of its versions reads as that version, and what follows folds on to the same network', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        const versions: Topology[] = [];
        const log = run(sequence, (network) => versions.push(network));
        const last = versions.at(-1);
        for (const kept of versions) {
          const read = readCheckpoint(printCheckpoint(kept));
          expect(read && inPlainMaps(read)).to.deep.equal(inPlainMaps(kept));
          const folded = evolveNetworkThrough(read, log.slice(kept.version));
          expect(folded && inPlainMaps(folded)).to.deep.equal(last && inPlainMaps(last));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('every agent can parse what is compiled for it', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        run(sequence, (network) => {
          for (const agentId of participants(network)) {
            const snapshot = compile(network, agentId);
            expect(parseSnapshot(JSON.parse(snapshotText(snapshot)))).to.deep.equal(snapshot);
          }
        });
      }),
      { numRuns: 50 },
    );
  });

  it('giving a command a second time writes nothing', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        run(sequence, (network, events, last) => {
          const again = decideNetwork(last, network);
          if (!(again instanceof DomainError)) expect(again.events, last.kind).to.deep.equal([]);
          if (events.length === 0) expect(again).not.to.be.instanceOf(DomainError);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('a command that writes nothing says since when it is so, as the stream tells; one that writes does not', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        const log: NetworkEvent[] = [];
        let before: Topology | null = null;
        run(sequence, (network, events, last) => {
          const decision = decideNetwork(last, before);
          if (decision instanceof DomainError) throw decision;
          const expected = events.length > 0 ? null : sinceOf(last, decision.result, sinceByWalkingBack(log));
          expect(decision.unchangedSince, last.kind).to.equal(expected);
          log.push(...events);
          before = network;
        });
      }),
      { numRuns: 200 },
    );
  });

  it('no port of an alias is closed or led elsewhere, unless somebody said --replace-ports', () => {
    const unasked = commands.map((sequence) =>
      sequence.map((next) => ('replacePorts' in next ? { ...next, replacePorts: false } : next)),
    );
    fc.assert(
      fc.property(unasked, (sequence) => {
        let before: Topology['aliases'] = new Map();
        run(sequence, ({ aliases }, events) => {
          for (const event of events) {
            if (event.type !== 'AliasPortsChanged') continue;
            expect(event.data.ports).to.deep.include.members([...(before.get(event.data.alias)?.ports ?? [])]);
          }
          before = new Map(aliases);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('no rule comes to speak of another sandbox than it was written about, unless somebody said --inherit-rules', () => {
    const unasked = commands.map((sequence) =>
      sequence.map((next) => ('inheritRules' in next ? { ...next, inheritRules: false } : next)),
    );
    fc.assert(
      fc.property(unasked, (sequence) => {
        const writtenAbout = new Map<RuleId, ReadonlyMap<AliasName, SandboxId>>();
        run(sequence, (network, events) => {
          for (const event of events) {
            if (event.type !== 'PolicyRuleAdded') continue;
            writtenAbout.set(event.data.ruleId, publishersNow(network, event.data.ruleId));
          }
          for (const id of network.rules.keys()) {
            const then = writtenAbout.get(id);
            for (const [alias, sandboxId] of publishersNow(network, id)) {
              expect(sandboxId).to.equal(then?.get(alias) ?? sandboxId);
            }
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  it('an allow that is said to be overridden opens nothing to anybody', () => {
    fc.assert(
      fc.property(rulesOfOnePort, (sequence) => {
        let before: Topology | null = null;
        run(sequence, (network, events, last) => {
          const decision = before === null ? null : decideNetwork(last, before);
          const isOverridden =
            decision !== null &&
            !(decision instanceof DomainError) &&
            events.length > 0 &&
            decision.warnings.some(({ code }) => code === 'OVERRIDDEN_BY_DENY');
          if (isOverridden && before !== null) {
            for (const source of EVERY_SOURCE) {
              const asked = { source, alias: parseAliasName('api', 'alias'), port: 80 };
              expect(evaluate(network, asked, TEST_TIME_MS).effect).to.equal(
                evaluate(before, asked, TEST_TIME_MS).effect,
              );
            }
          }
          before = network;
        });
      }),
      { numRuns: 300 },
    );
  });

  it('the author of a rule about nobody is warned, unless it is about local nodes, which come and go', () => {
    fc.assert(
      fc.property(rulesOfOnePort, (sequence) => {
        let before: Topology | null = null;
        run(sequence, (network, events, last) => {
          const decision = last.kind !== 'AddRule' || before === null ? null : decideNetwork(last, before);
          if (last.kind === 'AddRule' && decision !== null && !(decision instanceof DomainError) && events.length > 0) {
            const isAboutLocalNodes = last.from.kind === 'local' || last.from.kind === 'local-user';
            const members = [...network.sandboxes.keys()].filter((sandboxId) =>
              standsFor(network, last.from, { kind: 'sandbox', sandboxId }),
            );
            const isWarned = decision.warnings.some(({ code }) => code === 'SOURCE_STANDS_FOR_NOBODY');
            expect(isWarned, formatSelector(last.from)).to.equal(!isAboutLocalNodes && members.length === 0);
          }
          before = network;
        });
      }),
      { numRuns: 300 },
    );
  });
});

/** The version since which the network is as a command asks. */
function sinceOf(asked: NetworkCommand, told: unknown, since: SinceVersions): number | null {
  switch (asked.kind) {
    case 'AddRule':
      return since.rules.get((told as PrintedRule).id) ?? null;
    case 'PublishAlias':
      return since.aliases.get(asked.alias) ?? null;
    case 'AttachSandbox':
      if (asked.publication !== null) return since.aliases.get(asked.publication.alias) ?? null;
      return since.sandboxes.get(asked.sandboxId)?.attached ?? null;
    case 'ChangePlacement':
      return since.sandboxes.get(asked.sandboxId)?.placed ?? null;
    case 'ChangeLabels':
      return since.sandboxes.get(asked.sandboxId)?.labelled ?? null;
    default:
      throw new Error(`${asked.kind} always writes something`);
  }
}

function publishersNow(network: Topology, ruleId: RuleId): ReadonlyMap<AliasName, SandboxId> {
  const rule = network.rules.get(ruleId);
  const named = rule === undefined ? [] : rule.from.kind === 'alias' ? [rule.to, rule.from.alias] : [rule.to];
  return new Map(
    named.flatMap((alias) => {
      const record = network.aliases.get(alias);
      return record === undefined ? [] : [[alias, record.sandboxId] as const];
    }),
  );
}
