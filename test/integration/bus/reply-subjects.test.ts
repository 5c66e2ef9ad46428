import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import type { Bus, BusCredentials, BusFault, BusSettings } from '#libs/bus/bus.js';
import { ReplyOutsideInboxError } from '#libs/bus/errors.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { createUser, jwtAuthenticator } from '#libs/bus/nats-keys.js';
import {
  agentInboxPrefix,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  everyAgentSubject,
  everyLocalNodeSubject,
  localNodeInboxPrefix,
  localNodeSubject,
  senderInboxPrefix,
} from '#libs/contracts/bus/subjects.js';
import { parseAgentId, parseLocalNodeId } from '#libs/contracts/ids.js';
import { type BusListener, listenToBus } from '#test/support/bus-listener.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { waitFor } from '#test/support/wait.js';

const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');
const LAPTOP = parseLocalNodeId('laptop', 'node');
const DESK = parseLocalNodeId('desk', 'node');

interface Party {
  readonly credentials: (nats: TestNats) => Promise<BusCredentials>;
  readonly inbox: string;
  readonly replyInbox: BusSettings['replyInbox'];
}

const controlPlane: Party = {
  credentials: ({ authority }) => authority.controlPlaneCredentials(),
  inbox: CONTROL_PLANE_INBOX_PREFIX,
  replyInbox: senderInboxPrefix,
};
const agent: Party = {
  credentials: (nats) => issued((nkey, end) => nats.authority.issueAgent(HOST_A, nkey, end)),
  inbox: agentInboxPrefix(HOST_A),
  replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
};
const localNode: Party = {
  credentials: (nats) => issued((nkey, end) => nats.authority.issueLocalNode(LAPTOP, nkey, end)),
  inbox: localNodeInboxPrefix(LAPTOP),
  replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
};

async function issued(issue: (nkey: string, expiresAt: Date) => Promise<string>): Promise<BusCredentials> {
  const user = createUser();
  const jwt = await issue(user.getPublicKey(), new Date(Date.now() + 60_000));
  return { jwt, seed: new TextDecoder().decode(user.getSeed()) };
}

interface Case {
  readonly title: string;
  readonly server: Party;
  readonly served: string;
  readonly sender: Party;
  /** The subjects on which the sender publishes. */
  readonly subject: string;
}

const cases: readonly Case[] = [
  {
    title: 'the control plane, asked by an agent,',
    ...{ server: controlPlane, served: everyAgentSubject('hello') },
    ...{ sender: agent, subject: agentSubject(HOST_A, 'hello') },
  },
  {
    title: 'the control plane, asked by a local node,',
    ...{ server: controlPlane, served: everyLocalNodeSubject('hello') },
    ...{ sender: localNode, subject: localNodeSubject(LAPTOP, 'hello') },
  },
  {
    title: 'an agent',
    ...{ server: agent, served: agentSubject(HOST_A, 'topology') },
    ...{ sender: controlPlane, subject: agentSubject(HOST_A, 'topology') },
  },
  {
    title: 'a local node',
    ...{ server: localNode, served: localNodeSubject(LAPTOP, 'topology') },
    ...{ sender: controlPlane, subject: localNodeSubject(LAPTOP, 'topology') },
  },
];

const elsewhere: readonly (readonly [string, string])[] = [
  ["another agent's subject", agentSubject(HOST_B, 'topology')],
  ["another local node's subject", localNodeSubject(DESK, 'control')],
  ["an agent's message to the control plane", agentSubject(HOST_B, 'applied')],
  ["a local node's message to the control plane", localNodeSubject(DESK, 'applied')],
  ["another agent's inbox", `${agentInboxPrefix(HOST_B)}.x.1`],
  ["another local node's inbox", `${localNodeInboxPrefix(DESK)}.x.1`],
  ['an inbox that begins with the same letters', `${agentInboxPrefix(HOST_A)}b.x.1`],
  ['an inbox without a name in it', agentInboxPrefix(HOST_A)],
  ['a subject of nobody', 'elsewhere'],
];

describe('answers at the bus', () => {
  let nats: TestNats;
  let listener: BusListener;

  before(async () => {
    nats = await startNats();
    listener = await listenToBus(nats.url, nats.keysFolder);
  });

  after(async () => {
    await listener.close();
    await nats.stop();
  });

  for (const { title, server, served, sender, subject } of cases) {
    describe(`of ${title}`, () => {
      let bus: Bus;
      let connection: NatsConnection;
      const faults: BusFault[] = [];
      const handled: unknown[] = [];

      before(async () => {
        const credentials = await server.credentials(nats);
        bus = connectBus({
          servers: [nats.url],
          name: 'server',
          inboxPrefix: server.inbox,
          replyInbox: server.replyInbox,
          credentials: () => credentials,
          onStatus: () => {},
          onFault: (fault) => faults.push(fault),
        });
        bus.serve(served, async (message) => {
          handled.push(message);
          return 'answered';
        });
        const { jwt, seed } = await sender.credentials(nats);
        connection = await connect({
          servers: nats.url,
          inboxPrefix: sender.inbox,
          authenticator: jwtAuthenticator(jwt, Buffer.from(seed)),
          reconnect: false,
        });
        await waitFor('it answers', () =>
          connection.request(subject, '"ready"', { timeout: 300 }).then(
            () => true,
            () => false,
          ),
        );
        // Tries that were given up too early are answered before the one that was not.
        await listener.caughtUp();
      });

      after(async () => {
        await connection.close();
        await bus.close();
      });

      const rows = [
        ...elsewhere,
        ['the subject itself', subject] as const,
        ["the receiver's own inbox", `${server.inbox}.x.1`] as const,
      ].filter(([, reply]) => !reply.startsWith(`${sender.inbox}.`));

      for (const [what, reply] of rows) {
        it(`go nowhere when the message names ${what}`, async () => {
          const [heardBefore, faultsBefore, handledBefore] = [listener.heard.length, faults.length, handled.length];
          connection.publish(subject, '"astray"', { reply });
          // The second message of one subject is processed after the first: its answer shows that the first is done.
          const answer = await connection.request(subject, '"proper"', { timeout: 5_000 });
          await listener.caughtUp();

          expect(answer.json()).to.equal('answered');
          const published = listener.heard.slice(heardBefore).map((heard) => [heard.subject, heard.text]);
          expect(published).to.deep.equal([
            [subject, '"astray"'],
            [subject, '"proper"'],
            [answer.subject, '"answered"'],
          ]);
          expect(handled.slice(handledBefore)).to.deep.equal(['proper']);
          const found = faults.slice(faultsBefore);
          expect(found.map(({ kind, subject: on }) => [kind, on])).to.deep.equal([['reply', subject]]);
          expect(found[0]?.detail).to.be.instanceOf(ReplyOutsideInboxError);
          expect(String(found[0]?.detail)).to.contain(reply);
        });
      }

      it('are not needed for a message that asks for none', async () => {
        const [heardBefore, handledBefore] = [listener.heard.length, handled.length];
        connection.publish(subject, '"told"');
        await connection.request(subject, '"proper"', { timeout: 5_000 });
        await listener.caughtUp();
        expect(handled.slice(handledBefore)).to.deep.equal(['told', 'proper']);
        expect(listener.heard.length - heardBefore).to.equal(3);
      });
    });
  }

  it('of the control plane are kept out of every subject but inboxes by the server, too', async () => {
    const { jwt, seed } = await nats.authority.controlPlaneCredentials();
    const connection = await connect({
      servers: nats.url,
      authenticator: jwtAuthenticator(jwt, Buffer.from(seed)),
      reconnect: false,
    });
    const violations: string[] = [];
    void (async () => {
      for await (const { permissionContext } of connection.status()) {
        if (permissionContext) violations.push(permissionContext.subject);
      }
    })();
    try {
      const { jwt: agentJwt, seed: agentSeed } = await agent.credentials(nats);
      const thief = await connect({
        servers: nats.url,
        authenticator: jwtAuthenticator(agentJwt, Buffer.from(agentSeed)),
        reconnect: false,
      });
      const forbidden = ['elsewhere', agentSubject(HOST_B, 'applied'), `${CONTROL_PLANE_INBOX_PREFIX}.x.1`];
      const taken: string[] = [];
      connection.subscribe(everyAgentSubject('sync'), {
        callback: (_, message) => {
          taken.push(String(message.reply));
          message.respond('"as asked"'); // as a control plane without the check would do
        },
      });
      await connection.flush();
      const heardBefore = listener.heard.length;
      for (const reply of forbidden) thief.publish(agentSubject(HOST_A, 'sync'), '{}', { reply });
      await waitFor('the server refused each', () => violations.length >= forbidden.length);
      await listener.caughtUp();
      expect(taken).to.deep.equal(forbidden);
      expect([...violations].sort()).to.deep.equal([...forbidden].sort());
      expect(listener.heard.slice(heardBefore).map(({ subject }) => subject)).to.deep.equal(
        forbidden.map(() => agentSubject(HOST_A, 'sync')),
      );
      await thief.close();
    } finally {
      await connection.close();
    }
  });
});
