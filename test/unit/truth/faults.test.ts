import { expect } from 'chai';
import { Faults, RECOVERY_BOUND_MS, type Reach } from '#test/truth/faults.js';
import type { Flow } from '#test/truth/model.js';

const ACROSS: Flow = { network: 'dev', source: 'sbx-web', alias: 'api', port: 80 };
const WITHIN: Flow = { network: 'dev', source: 'sbx-worker', alias: 'api', port: 80 };

describe('faults of the truth test', () => {
  let nowMs = 0;
  const fault = (reach: Reach, undone: string[] = []) => ({
    name: 'a fault',
    reach,
    process: null,
    silences: [],
    steps: 2,
    undo: async () => {
      undone.push('a fault');
    },
  });

  for (const [reach, across, within] of [
    [{ kind: 'nothing' }, false, false],
    [{ kind: 'everything' }, true, true],
    [{ kind: 'agent', host: 'host-a' }, true, false],
    [{ kind: 'agent', host: 'host-b' }, true, true],
    [{ kind: 'between-hosts' }, true, false],
    [{ kind: 'sandbox', sandbox: 'sbx-api' }, true, true],
    [{ kind: 'sandbox', sandbox: 'sbx-worker' }, false, true],
    [{ kind: 'sandbox', sandbox: 'sbx-bob' }, false, false],
  ] as const) {
    it(`${JSON.stringify(reach)} stands in the way of what it reaches alone`, () => {
      const faults = new Faults(() => nowMs);
      faults.begin(fault(reach));
      expect(faults.obstacle(ACROSS, 'sbx-api') !== null, 'across hosts').to.equal(across);
      expect(faults.obstacle(WITHIN, 'sbx-api') !== null, 'within one').to.equal(within);
    });
  }

  it('are over in their time, and recover with the first answer over the same way', async () => {
    const undone: string[] = [];
    const faults = new Faults(() => nowMs);
    faults.begin(fault({ kind: 'agent', host: 'host-b' }, undone));
    expect([faults.tick(), faults.tick(), faults.tick()]).to.deep.equal([[], [], ['a fault']]);
    await faults.end('a fault');
    expect(undone).to.deep.equal(['a fault']);
    expect(faults.obstacle(ACROSS, 'sbx-api')).to.equal('recovering from a fault');
    faults.answered(ACROSS, 'sbx-api');
    expect(faults.obstacle(ACROSS, 'sbx-api')).to.equal(null);
    expect(faults.obstacle(WITHIN, 'sbx-api')).to.equal('recovering from a fault');
  });

  it('are no excuse after the bound', async () => {
    const faults = new Faults(() => nowMs);
    faults.happened('the end of agent-host-b', { kind: 'agent', host: 'host-b' });
    nowMs += RECOVERY_BOUND_MS - 1;
    expect(faults.obstacle(WITHIN, 'sbx-api')).to.not.equal(null);
    nowMs += 1;
    expect(faults.obstacle(WITHIN, 'sbx-api')).to.equal(null);
  });
});
