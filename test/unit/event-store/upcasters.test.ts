import { expect } from 'chai';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { Upcasters } from '#libs/event-store/upcasters.js';
import { storedEvent } from '#test/support/stored-event.js';

const stored = (type: string, schemaVersion: number, data: StoredEvent['data']): StoredEvent =>
  storedEvent({ type, schemaVersion, data });

describe('upcasters', () => {
  const upcasters = new Upcasters({
    Renamed: [
      ({ name }) => ({ firstName: name ?? null }),
      ({ firstName }) => ({ firstName: firstName ?? null, lastName: '' }),
    ],
  });

  for (const [version, data] of [
    [1, { name: 'Ada' }],
    [2, { firstName: 'Ada' }],
    [3, { firstName: 'Ada', lastName: '' }],
  ] as const) {
    it(`bring version ${version} to the newest`, () => {
      const event = stored('Renamed', version, data);
      expect(upcasters.upcast(event)).to.deep.equal({
        ...event,
        schemaVersion: 3,
        data: { firstName: 'Ada', lastName: '' },
      });
    });
  }

  it('say which version is the newest', () => {
    expect([upcasters.newestVersion('Renamed'), new Upcasters().newestVersion('Renamed')]).to.deep.equal([3, 1]);
  });

  it('leave an event that has no older versions as it is', () => {
    const event = stored('Plain', 1, { a: 1 });
    expect(upcasters.upcast(event)).to.equal(event);
  });

  it('leave a version newer than they know as it is: whoever folds it refuses it', () => {
    for (const event of [stored('Renamed', 4, {}), stored('Plain', 2, {})]) {
      expect(upcasters.upcast(event)).to.equal(event);
    }
  });
});
