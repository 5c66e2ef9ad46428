import { expect } from 'chai';
import { BusAbsence } from '#apps/agent/contact/bus-absence.js';
import { waitFor } from '#test/support/wait.js';

describe('the absence of the bus', () => {
  it('is told again and again while it lasts, from the start on', async () => {
    let told = 0;
    const absence = new BusAbsence(() => {
      told += 1;
    }, 1);
    absence.heard('disconnected');
    await waitFor('told twice', () => told >= 2);
    absence.close();
  });

  it('ends with a connection, and begins with the end of one', async () => {
    const told: string[] = [];
    let now = 'connected';
    const absence = new BusAbsence(() => told.push(now), 1);
    absence.heard('connected');
    let later = 0;
    const reference = new BusAbsence(() => {
      later += 1;
    }, 1);
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
