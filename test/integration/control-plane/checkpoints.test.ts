import { expect } from 'chai';
import type { ExplanationDto } from '#libs/contracts/http/history.js';
import { parseNetworkId } from '#libs/contracts/ids.js';
import { foldStored, streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { readCheckpoint } from '#libs/domain/network/checkpoint.js';
import type { NewEvent, StoredEvent } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { writeEvents } from '#test/support/many-aliases.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { inPlainMaps } from '#test/unit/policy/network-events.js';
import { TestControlPlane } from './setup.js';

/** A rule that comes and goes, so often that the log of the network is some checkpoints long. */
const PAIRS = 1_300;
const allow = { ruleId: 'rule-1', effect: 'allow', from: 'sandbox:sbx-web', to: 'api', port: 8_080, until: null };
const PAIR: readonly NewEvent[] = [
  { type: 'PolicyRuleAdded', schemaVersion: 2, data: allow },
  { type: 'PolicyRuleRemoved', schemaVersion: 1, data: { ruleId: 'rule-1' } },
];

interface Kept {
  readonly version: number;
  readonly state: string;
}

describe('checkpoints of a network', function () {
  this.timeout(120_000);
  let controlPlane: TestControlPlane;
  let networkId: string;
  /** The version after which the pairs come. */
  let begun: number;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-web', 'sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-web' });
    const api = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', api);
    const { body } = await controlPlane.call('GET', '/v1/networks/dev');
    [networkId, begun] = [String(body.id), Number(body.version)];
    const pairs = Array.from({ length: PAIRS }, () => PAIR).flat();
    await writeEvents(controlPlane.databaseUrl, { id: networkId, version: begun }, pairs);
  });

  after(() => controlPlane?.end());

  const sql = (text: string) => query(controlPlane.databaseUrl, text);
  const kept = async () =>
    (await sql('SELECT version, state FROM network_checkpoints ORDER BY version')) as unknown[] as readonly Kept[];
  const made = () =>
    waitFor('two checkpoints are made', async () => {
      const found = await kept();
      return found.length >= 2 && found;
    });

  async function explained(version: number): Promise<ExplanationDto> {
    const path = `/v1/networks/dev/explanation?from=sandbox:sbx-web&alias=api&port=8080&at=${version}`;
    return JSON.parse((await controlPlane.call('GET', path)).text);
  }

  const versions = () => [1, begun, begun + 1, begun + 2, 1_000, 1_001, 1_999, 2_000, 2_001, begun + 2 * PAIRS];
  /** Without who has applied it by now. */
  const plain = (each: ExplanationDto) => ({ ...each, appliedBy: null });
  const asked = async () => (await Promise.all(versions().map(explained))).map(plain);

  it('are what the log folds to', async () => {
    const store = createEventStore({ databaseUrl: controlPlane.databaseUrl, onConnectionError: () => {} });
    let events: readonly StoredEvent[];
    try {
      events = await store.readStream(streamOf(NETWORK, parseNetworkId(networkId, 'id')));
    } finally {
      await store.close();
    }
    for (const { version, state } of await made()) {
      const folded = foldStored(NETWORK, null, events.slice(0, version));
      const read = readCheckpoint(state);
      expect(read && inPlainMaps(read)).to.deep.equal(folded && inPlainMaps(folded));
    }
  });

  it('change no answer: without them, and after they were made again, it is the same', async () => {
    const before = await made();
    const answers = await asked();
    for (const [index, version] of versions().entries()) {
      const isAllowed = version > begun && (version - begun) % 2 === 1;
      expect(answers[index]?.verdict.effect, `version ${version}`).to.equal(isAllowed ? 'allow' : 'deny');
    }
    await sql('DELETE FROM network_checkpoints');
    expect(await asked()).to.deep.equal(answers);
    await controlPlane.stop();
    await controlPlane.startAgain();
    expect(await made()).to.deep.equal(before);
    expect(await asked()).to.deep.equal(answers);
  });

  it('count after the signing key was rotated, also at the next start', async () => {
    const before = await made();
    const answers = await asked();
    for (const step of ['offer', 'use', 'retire']) {
      const { status, text } = await controlPlane.call('POST', '/v1/keys/signing/rotation', {
        step,
        without: ['host-a'],
      });
      expect(status, text).to.equal(200);
    }
    expect(await asked()).to.deep.equal(answers);
    expect(await kept()).to.deep.equal(before);
    await controlPlane.stop();
    await controlPlane.startAgain();
    await asked();
    expect(await kept()).to.deep.equal(before);
  });

  const wrong: readonly (readonly [what: string, set: string])[] = [
    ['whose state was changed', `state = replace(state, '"rules":[]', '"rules":[["rule-1",{}]]')`],
    ['of another event', `event_hash = repeat('0', 64)`],
    ['at another version than it was signed for', 'version = version - 1'],
    ['of another release', `state = replace(state, '"form":1', '"form":0')`],
    ['that is no JSON', `state = 'none'`],
  ];
  for (const [what, set] of wrong) {
    it(`one ${what} does not count, and is deleted`, async () => {
      const last = (await made()).at(-1)?.version ?? 0;
      const before = await explained(last + 10);
      await sql(`UPDATE network_checkpoints SET ${set} WHERE version = ${last}`);
      expect(await explained(last + 10)).to.deep.equal(before);
      expect((await kept()).some(({ version }) => version === last || version === last - 1)).to.equal(false);
      await controlPlane.stop();
      await controlPlane.startAgain();
    });
  }
});
