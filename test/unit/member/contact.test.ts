import { expect } from 'chai';
import { BusTimeoutError, BusUnavailableError } from '#libs/bus/errors.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { Contact, type ContactPorts } from '#libs/member/contact.js';
import { waitFor } from '#test/support/wait.js';

const ASKED = 3;
/** Heartbeats are two seconds apart. */
const APART_MS = 1_500;
const HELLO = {
  ...{ protocol: BUS_PROTOCOL, bootId: 'boot-1', softwareVersion: '0.1.0', driver: 'static', networks: [] },
  mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: [] },
} as const;

const REPLY: ContactReply = {
  ...{ protocol: BUS_PROTOCOL, serves: [BUS_PROTOCOL], term: 1, networks: [], peersRevision: 0 },
  ...{ epoch: { counter: 1, id: '6f0c1a52-5b6e-4a43-9d0a-2f1f8f1c2d11' }, peers: null, localNodes: null },
};
const PORTS: ContactPorts = {
  hello: () => HELLO,
  acknowledgements: () => [],
  sendHello: () => Promise.reject(new Error('no hello is expected')),
  sendHeartbeat: () => Promise.reject(new Error('no hello was answered yet')),
  maxMessageBytes: () => 1_048_576,
  answered: () => {},
  unanswered: () => {},
};

describe('the time for an answer to a hello', () => {
  const rows = [
    {
      says: 'doubles while the control plane is too slow for all who come back',
      error: (timeoutMs: number) => new BusTimeoutError('hello', timeoutMs),
      times: [2_000, 4_000, 8_000],
    },
    {
      says: 'stays while nobody is there to answer',
      error: () => new BusUnavailableError('hello', 'nobody subscribes to it'),
      times: [2_000, 2_000, 2_000],
    },
  ];
  for (const { says, error, times } of rows) {
    it(says, async () => {
      const asked: number[] = [];
      const contact = new Contact({
        ...PORTS,
        sendHello: (_, timeoutMs) => {
          asked.push(timeoutMs);
          return Promise.reject(error(timeoutMs));
        },
      });
      contact.connected();
      await waitFor('three hellos', () => asked.length >= ASKED);
      await contact.close();
      expect(asked.slice(0, ASKED)).to.deep.equal(times);
    });
  }
});

describe('the time between heartbeats', () => {
  const rows = [
    {
      says: 'is short while nobody serves them, so that a control plane that starts hears of its members at once',
      error: new BusUnavailableError('heartbeat', 'nobody listens there'),
      isShort: true,
    },
    {
      says: 'stays while the control plane does not answer',
      error: new BusTimeoutError('heartbeat', 1),
      isShort: false,
    },
  ];
  for (const { says, error, isShort } of rows) {
    it(says, async () => {
      const sentAt: number[] = [];
      const contact = new Contact({
        ...PORTS,
        sendHello: () => Promise.resolve(REPLY),
        sendHeartbeat: () => {
          sentAt.push(performance.now());
          return Promise.reject(error);
        },
      });
      contact.connected();
      await waitFor('two heartbeats', () => sentAt.length >= 2);
      await contact.close();
      const [first = 0, second = 0] = sentAt;
      expect(second - first < APART_MS).to.equal(isShort);
    });
  }
});
