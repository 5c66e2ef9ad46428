import { expect } from 'chai';
import { BusTimeoutError, BusUnavailableError } from '#libs/bus/errors.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { Contact } from '#libs/member/contact.js';
import { waitFor } from '#test/support/wait.js';

const ASKED = 3;
const HELLO = {
  ...{ protocol: BUS_PROTOCOL, bootId: 'boot-1', softwareVersion: '0.1.0', driver: 'static', networks: [] },
  mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: [] },
} as const;

describe('the time for an answer to a hello', () => {
  const rows = [
    {
      says: 'doubles while the control plane is too slow for all who come back',
      error: (timeoutMs: number) => new BusTimeoutError('hello', timeoutMs),
      times: [2_000, 4_000, 8_000],
    },
    {
      says: 'stays while nobody is there to answer',
      error: () => new BusUnavailableError('hello', 'nobody listens there'),
      times: [2_000, 2_000, 2_000],
    },
  ];
  for (const { says, error, times } of rows) {
    it(says, async () => {
      const asked: number[] = [];
      const contact = new Contact({
        hello: () => HELLO,
        acknowledgements: () => [],
        sendHello: (_, timeoutMs) => {
          asked.push(timeoutMs);
          return Promise.reject(error(timeoutMs));
        },
        sendHeartbeat: () => Promise.reject(new Error('no hello was answered yet')),
        maxMessageBytes: () => 1_048_576,
        answered: () => {},
        unanswered: () => {},
      });
      contact.connected();
      await waitFor('three hellos', () => asked.length >= ASKED);
      await contact.close();
      expect(asked.slice(0, ASKED)).to.deep.equal(times);
    });
  }
});
