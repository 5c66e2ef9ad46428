import { expect } from 'chai';
import { BusAbsence } from '#apps/agent/contact/bus-absence.js';
import { waitFor } from '#test/support/wait.js';

const PACE = { atStartMs: 1, firstMs: 1, everyMs: 1 };
const LONG_MS = 60_000;

describe('the absence of the bus', () => {
  it('is told soon after a start without a connection, and after the end of one', async () => {
    for (const [pace, isConnected] of [
      [{ ...PACE, firstMs: LONG_MS, everyMs: LONG_MS }, false],
      [{ ...PACE, atStartMs: LONG_MS, everyMs: LONG_MS }, true],
    ] as const) {
      let told = 0;
      const absence = new BusAbsence(() => {
        told += 1;
      }, pace);
      if (isConnected) absence.heard('connected');
      absence.heard('disconnected');
      await waitFor('told', () => told === 1);
      absence.close();
    }
  });

  it('is told again and again while it lasts, from the start on', async () => {
    let told = 0;
    const absence = new BusAbsence(() => {
      told += 1;
    }, PACE);
    absence.heard('disconnected');
    await waitFor('told twice', () => told >= 2);
    absence.close();
  });

  it('ends with a connection, and begins with the end of one', async () => {
    const told: string[] = [];
    let now = 'connected';
    const absence = new BusAbsence(() => told.push(now), PACE);
    absence.heard('connected');
    let later = 0;
    const reference = new BusAbsence(() => {
      later += 1;
    }, PACE);
    await waitFor('one that began later is told twice', () => later >= 2);
    reference.close();
    expect(told).to.deep.equal([]);
    now = 'disconnected';
    absence.heard('disconnected');
    await waitFor('told', () => told.length > 0);
    absence.close();
    expect(told[0]).to.equal('disconnected');
  });
});
