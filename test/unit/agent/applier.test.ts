import { expect } from 'chai';
import { DiskFullError } from '#libs/contracts/disk-full.js';
import { parseRuleId } from '#libs/contracts/ids.js';
import { leavingSnapshot } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

import { flow, held, NOW, Recorder } from './applier-recorder.js';

describe('applying a version', () => {
  let recorder: Recorder;
  beforeEach(() => {
    recorder = new Recorder();
  });

  it('goes policy, new listeners, names, old listeners, disk, acknowledgement', async () => {
    await recorder.applied(held(1, ['api', 'old']));
    recorder.steps.length = 0;
    await recorder.applied(held(2, ['api', 'new']));
    expect(recorder.steps).to.deep.equal([
      'policy 0a 2',
      'open new',
      'names new, gone old',
      'shut old',
      'save 2',
      'acknowledge 2',
    ]);
    expect(recorder.acknowledged.at(-1)).to.deep.include({
      from: 1,
      to: 2,
      hash: 'hash-2',
      appliedAt: NOW.toISOString(),
    });
  });

  it('looks at no listener and no name for a change of rules alone, unless one of them had failed', async () => {
    const first = held(1, ['api']);
    const next = (version: number) => ({
      ...{ ...first, hash: `hash-${version}` },
      snapshot: { ...first.snapshot, version, rules: [] },
    });
    recorder.failOpen = () => 'ADDRESS_IN_USE';
    await recorder.applied(first);
    recorder.failOpen = () => null;
    await recorder.applied(next(2));
    expect(recorder.steps.slice(-5)).to.deep.equal(['open api', 'names api', 'shut ', 'save 2', 'acknowledge 2']);
    recorder.steps.length = 0;
    await recorder.applied(next(3));
    expect(recorder.steps).to.deep.equal(['policy 0a 3', 'save 3', 'acknowledge 3']);
  });

  it('looks at the aliases alone that changed, and at those that failed before, however many there are', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `a${index}`);
    recorder.failOpen = (alias) => (alias === 'a7' ? 'PROXY_ADDRESS_IN_USE' : null);
    await recorder.applied(held(1, many));
    recorder.steps.length = 0;
    const { aliasFailures } = await recorder.applied(held(2, [...many.slice(1), 'new']));
    expect(recorder.steps).to.deep.equal([
      ...['policy 0a 2', 'open a7,new', 'names new, not a7, gone a0', 'shut a0', 'save 2', 'acknowledge 2'],
    ]);
    expect(aliasFailures.map(({ alias }) => alias)).to.deep.equal(['a7']);
    recorder.failOpen = () => null;
    recorder.steps.length = 0;
    await recorder.applied(held(3, [...many.slice(2), 'new']));
    expect(recorder.steps.slice(1, 4)).to.deep.equal(['open a7', 'names a7, gone a1', 'shut a1']);
  });

  it('names all aliases again after names that were not served', async () => {
    await recorder.applied(held(1, ['api', 'old']));
    recorder.namesOf.set('0a', () => Promise.reject(new Error('the worker is silent')));
    const { aliasFailures } = await recorder.applied(held(2, ['api', 'new']));
    expect(aliasFailures.map(({ alias }) => alias)).to.deep.equal(['api', 'new']);
    recorder.namesOf.clear();
    recorder.steps.length = 0;
    await recorder.applied(held(3, ['api', 'new']));
    expect(recorder.steps.slice(1, 4)).to.deep.equal(['open api,new', 'names api,new alone', 'shut ']);
  });

  it('settles a version that comes while another is just done', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const [first, second] = [held(1, ['api'], `${turns + 10}`), held(2, ['api'], `${turns + 10}`)];
      const before = recorder.acknowledged.length;
      recorder.applier.take(first);
      while (recorder.acknowledged.length === before) await Promise.resolve();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      recorder.applier.take(second);
      await waitFor(
        `version 2, taken ${turns} turns after version 1 was acknowledged`,
        () => recorder.acknowledged.length === before + 2,
        1_000,
      );
    }
  });

  it('puts policy in force and cuts before take returns, whatever is under way', async () => {
    let release = (): void => {};
    recorder.namesOf.set('0a', () => new Promise((resolve) => (release = resolve)));
    recorder.applier.take(held(1, ['api']));
    recorder.applier.take(held(2, ['api']));
    recorder.applier.take(held(1, ['api'], '0b'));
    expect(recorder.steps.filter((step) => step.startsWith('policy'))).to.deep.equal([
      'policy 0a 1',
      'policy 0a 2',
      'policy 0b 1',
    ]);
    await waitFor('the other network does not wait', () =>
      recorder.acknowledged.some(({ networkId }) => networkId === '0b'),
    );
    expect(recorder.acknowledged).to.have.length(1);
    recorder.namesOf.clear();
    release();
    await waitFor('both', () => recorder.acknowledged.some(({ to }) => to === 2));
  });

  it('skips a version that was overtaken before its turn, and keeps the flows it cut', async () => {
    let release = (): void => {};
    recorder.namesOf.set('0a', () => new Promise((resolve) => (release = resolve)));
    recorder.applier.take(held(1, ['api']));
    recorder.cuts = [flow('a')];
    recorder.applier.take(held(2, ['api']));
    recorder.cuts = [flow('b')];
    recorder.applier.take(held(3, ['api']));
    recorder.namesOf.clear();
    await waitFor('names are asked for', () => recorder.steps.includes('open api'));
    release();
    await waitFor('the last', () => recorder.acknowledged.some(({ to }) => to === 3));
    expect(recorder.acknowledged.map(({ from, to, flowsCut }) => ({ from, to, flowsCut }))).to.deep.equal([
      { from: null, to: 1, flowsCut: [] },
      { from: 1, to: 3, flowsCut: [flow('a'), flow('b')] },
    ]);
  });

  it('serves no alias whose listener is not open, tells of it, and tells again when it is', async () => {
    recorder.failOpen = (alias) => (alias === 'api' ? 'PROXY_ADDRESS_IN_USE' : null);
    const { aliasFailures } = await recorder.applied(held(1, ['api', 'other']));
    expect(aliasFailures).to.deep.equal([
      { alias: 'api', code: 'PROXY_ADDRESS_IN_USE', message: 'PROXY_ADDRESS_IN_USE' },
    ]);
    expect(recorder.steps).to.include('names other, not api alone');
    recorder.later[0]?.();
    await waitFor('the second attempt', () => recorder.later.length === 2);
    expect(recorder.acknowledged).to.have.length(1);
    recorder.failOpen = () => null;
    recorder.later[1]?.();
    await waitFor('it is told', () => recorder.acknowledged.length === 2);
    expect(recorder.acknowledged[1]).to.deep.include({ from: 1, to: 1, aliasFailures: [] });
  });

  it('tries again ever later, up to ten seconds, and at first soon for the next version', async () => {
    recorder.failOpen = () => 'PROXY_ADDRESS_IN_USE';
    await recorder.applied(held(1, ['api']));
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await waitFor(`attempt ${attempt}`, () => recorder.later.length === attempt + 1);
      recorder.later[attempt]?.();
    }
    await waitFor('the last attempt', () => recorder.later.length === 7);
    expect(recorder.delaysMs).to.deep.equal([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
    await recorder.applied(held(2, ['api']));
    await waitFor('the next version', () => recorder.later.length === 8);
    expect(recorder.delaysMs[7]).to.equal(1_000);
  });

  it('calls an attempt off that a newer version or the end overtakes', async () => {
    recorder.failOpen = () => 'PROXY_ADDRESS_IN_USE';
    await recorder.applied(held(1, ['api']));
    await waitFor('an attempt to come', () => recorder.later.length === 1);
    await recorder.applied(held(2, ['api']));
    await waitFor('that of the next version', () => recorder.later.length === 2);
    expect(recorder.cancelled).to.deep.equal([0]);
    await recorder.applier.close();
    expect(recorder.cancelled).to.deep.equal([0, 1]);
    recorder.steps.length = 0;
    recorder.later[1]?.();
    await recorder.applier.close();
    expect(recorder.steps).to.deep.equal([]);
  });

  it('plans no attempt for a version that was overtaken, nor when it has ended meanwhile', async () => {
    const release: (() => void)[] = [];
    recorder.namesOf.set('0a', () => new Promise((resolve) => release.push(resolve)));
    recorder.failOpen = () => 'PROXY_ADDRESS_IN_USE';
    recorder.applier.take(held(1, ['api']));
    await waitFor('the first version', () => release.length === 1);
    recorder.applier.take(held(2, ['api']));
    release[0]?.();
    await waitFor('the second version', () => release.length === 2);
    const closed = recorder.applier.close();
    release[1]?.();
    await closed;
    expect(recorder.later).to.have.length(0);
    expect(recorder.acknowledged.map(({ to }) => to)).to.deep.equal([1, 2]);
  });

  it('tells of every alias when the names are not served', async () => {
    recorder.namesOf.set('0a', () => Promise.reject(new Error('the worker is silent')));
    const { aliasFailures } = await recorder.applied(held(1, ['api', 'other']));
    expect(aliasFailures.map(({ alias, code }) => [alias, code])).to.deep.equal([
      ['api', 'DNS_NOT_LOADED'],
      ['other', 'DNS_NOT_LOADED'],
    ]);
  });

  it('acknowledges nothing that is not on disk, and tries again', async () => {
    recorder.saveFails = new Error('unplugged');
    recorder.cuts = [flow('c')];
    recorder.applier.take(held(1, ['api']));
    await waitFor('the attempt', () => recorder.later.length === 1);
    expect(recorder.acknowledged).to.deep.equal([]);
    recorder.saveFails = null;
    recorder.later[0]?.();
    await waitFor('acknowledged', () => recorder.acknowledged.length === 1);
    expect(recorder.acknowledged[0]?.flowsCut).to.deep.equal([flow('c')]);
  });

  for (const [error, code, message] of [
    [
      new DiskFullError('/state/0a.json'),
      'DISK_FULL',
      '/state/0a.json cannot be written: no space is left on its disk; free',
    ],
    [new Error('EIO: i/o error, write'), 'NOT_APPLIED', 'EIO: i/o error, write'],
  ] as const) {
    it(`says ${code} at each attempt that fails, until the version is acknowledged`, async () => {
      await recorder.applied(held(1, ['api']));
      recorder.saveFails = error;
      recorder.applier.take(held(2, ['api']));
      for (const attempt of [1, 2]) {
        await waitFor('the attempt', () => recorder.later.length === attempt);
        const refused = recorder.refused.at(-1);
        expect(recorder.refused).to.have.length(attempt);
        expect(refused).to.include({ outcome: 'refused', code, from: 1, to: 2, hash: 'hash-2', signature: null });
        expect(refused?.message).to.match(new RegExp(`^${message}`));
        if (attempt === 2) recorder.saveFails = null;
        recorder.later.at(-1)?.();
      }
      await waitFor('acknowledged', () => recorder.acknowledged.some(({ to }) => to === 2));
      expect(recorder.refused).to.have.length(2);
    });
  }

  it('saves what was cut at the end of a rule with the version that is held, and tries again where it cannot', async () => {
    const network = held(1, ['api']);
    await recorder.applied(network);
    const cut = { flowId: flow('c'), ruleId: parseRuleId('rule-1234', 'rule') };
    recorder.cutAtEnd = [cut];
    recorder.saveFails = new Error('unplugged');
    recorder.applier.saveCutAtEnd(network.snapshot.networkId);
    await waitFor('the attempt', () => recorder.later.length === 1);
    expect(recorder.reported.at(-1)).to.deep.include({ kind: 'cuts-not-saved', error: recorder.saveFails });
    recorder.saveFails = null;
    recorder.later[0]?.();
    await waitFor('it is saved', () => recorder.saved.length === 2);
    expect(recorder.saved.at(-1)).to.deep.include({ held: network, cutAtEnd: [cut] });
    expect(recorder.refused, 'the version was acknowledged before').to.deep.equal([]);
    expect(recorder.acknowledged).to.have.length(1);
  });

  it('restores what was cut at the end of a rule before the version from disk is in force', async () => {
    const cut = { flowId: flow('c'), ruleId: parseRuleId('rule-1234', 'rule') };
    await recorder.applier.restore(held(1, ['api']), [cut]);
    expect(recorder.steps.slice(0, 2)).to.deep.equal(['restore 1 cut', 'policy 0a 1']);
    expect(recorder.saved.at(-1)?.cutAtEnd).to.deep.equal([cut]);
  });

  it('keeps on disk what was not answered yet', async () => {
    const first = await recorder.applied(held(1, ['api']));
    recorder.unanswered = [first];
    const second = await recorder.applied(held(2, ['api']));
    expect(recorder.saved.at(-1)?.unanswered).to.deep.equal([first, second]);
  });

  it('lets go of a network: no policy, no names, no listeners', async () => {
    await recorder.applied(held(1, ['api']));
    recorder.steps.length = 0;
    const snapshot = leavingSnapshot({ networkId: '0a', version: 2 });
    await recorder.applied({ epoch: { counter: 1, id: 'one' }, hash: 'gone', signature: null, snapshot });
    expect(recorder.steps).to.deep.equal([
      'policy 0a none',
      'open ',
      'names none',
      'shut api',
      'save 2',
      'acknowledge 2',
    ]);
  });

  it('keeps the listeners of the other networks', async () => {
    await recorder.applied(held(1, ['api']));
    await recorder.applied(held(2, ['else'], '0b'));
    expect(recorder.steps.filter((step) => step.startsWith('shut'))).to.deep.equal(['shut ', 'shut ']);
  });

  it('says that it came from nowhere when the epoch is another', async () => {
    await recorder.applied(held(7, ['api']));
    const { from } = await recorder.applied(held(2, ['api'], '0a', { counter: 2, id: 'two' }));
    expect(from).to.equal(null);
  });

  it('serves what was on disk, and acknowledges it again: what failed before may be well now', async () => {
    await recorder.applier.restore(held(4, ['api']));
    expect(recorder.steps).to.deep.equal([
      ...['policy 0a 4', 'open api', 'names api alone', 'shut ', 'save 4', 'acknowledge 4'],
    ]);
    expect(recorder.acknowledged).to.have.length(1);
    expect(recorder.acknowledged[0]).to.deep.include({ from: 4, to: 4, aliasFailures: [] });
    expect(recorder.applier.versions()).to.have.length(1);
  });
});
