import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from '@nats-io/nkeys';
import { expect } from 'chai';
import { type Auth, connect, type NatsConnection } from 'nats';
import type { BusHolder } from '#libs/bus/authority.js';
import { BusServersSilentError } from '#libs/bus/errors.js';
import { createUser, fromSeed, jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { CONNECTION_SUBJECTS, openConnectionsOf } from '#libs/bus/open-connections.js';
import { asSystem } from '#libs/bus/system-account.js';
import { parseAgentId, parseLocalNodeId } from '#libs/contracts/ids.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { freePort } from '#test/support/ports.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

/** The text of a seed, without the newline. */
const SEED_LENGTH = 58;

describe('connections at the bus', () => {
  let nats: TestNats;
  const open: NatsConnection[] = [];

  before(async () => {
    nats = await startNats();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });

  after(() => nats.stop());

  const agent = (id: string, user: KeyPair): BusHolder => ({
    ...{ kind: 'agent', id: parseAgentId(id, 'agent'), nkey: user.getPublicKey() },
  });
  const localNode = (id: string, user: KeyPair): BusHolder => ({
    ...{ kind: 'local', id: parseLocalNodeId(id, 'node'), nkey: user.getPublicKey() },
  });

  async function connectAs(holder: BusHolder, user: KeyPair, url = nats.url, more: Auth = undefined) {
    const end = new Date(Date.now() + 60_000);
    const jwt = await (holder.kind === 'agent'
      ? nats.authority.issueAgent(holder.id, holder.nkey, end)
      : nats.authority.issueLocalNode(holder.id, holder.nkey, end));
    const authenticator = [jwtAuthenticator(jwt, user.getSeed()), () => more];
    const connection = await connect({ servers: url, authenticator, reconnect: false });
    open.push(connection);
    return connection;
  }

  const keyOf = (file: string) => fromSeed(readFileSync(join(nats.keysFolder, file)).subarray(0, SEED_LENGTH));
  const close = (holder: BusHolder, url = nats.url) => nats.authority.closeConnections([url], holder);
  const isClosed = (connection: NatsConnection) => waitFor('it is closed', () => connection.isClosed());

  it('are closed all, and counted, when they are of one holder; those of others go on', async () => {
    const [user, other] = [createUser(), createUser()];
    const mine = [await connectAs(agent('host-a', user), user), await connectAs(agent('host-a', user), user)];
    const others = [
      await connectAs(agent('host-b', other), other),
      // Earlier releases allowed this: another agent, and a local node of the same name, with the same key.
      await connectAs(agent('host-c', user), user),
      await connectAs(localNode('host-a', user), user),
    ];
    expect(await close(agent('host-a', user))).to.equal(2);
    await Promise.all(mine.map(isClosed));
    expect(await close(agent('host-a', user))).to.equal(0);
    for (const connection of others) await connection.flush();
    expect(await close(localNode('host-a', user))).to.equal(1);
    expect(await close(agent('host-c', user))).to.equal(1);
  });

  it('are found by their credentials, whatever user the client says it is', async () => {
    const user = createUser();
    const connection = await connectAs(agent('host-a', user), user, nats.url, { nkey: 'UNOBODY', user: 'nobody' });
    expect(await close(agent('host-a', user))).to.equal(1);
    await isClosed(connection);
  });

  it('are found all when one answer of the server does not hold them, also while others end', async () => {
    const [user, passing] = [createUser(), createUser()];
    const [kept, ended] = [agent('host-a', user), agent('host-b', passing)];
    // The oldest connections end, so the later ones move forward, past the next page.
    const ending = await Promise.all(Array.from({ length: 5 }, () => connectAs(ended, passing)));
    for (let count = 0; count < 15; count += 1) await connectAs(kept, user);

    const [account, signer] = ['nats-account.seed', 'nats-agent-signing.seed'].map(keyOf);
    if (account === undefined || signer === undefined) throw new Error('both keys are there');
    const holder = { name: 'host-a', nkey: kept.nkey, issuer: signer.getPublicKey() };
    let pages = 0;
    const found = await asSystem(keyOf('nats-system-account.seed'), [nats.url], CONNECTION_SUBJECTS, (system) => {
      const asking = {
        publish: system.publish.bind(system),
        subscribe: system.subscribe.bind(system),
        request: async (...question: Parameters<typeof system.request>) => {
          const answer = await system.request(...question);
          pages += 1;
          if (pages > 1) return answer;
          await Promise.all(ending.map((connection) => connection.close()));
          const all = JSON.stringify({ acc: account.getPublicKey() });
          await waitFor('the server knows that they ended', async () => {
            const { data } = (await system.request(question[0], all)).json<{ data: { total: number } }>();
            return data.total === 15;
          });
          return answer;
        },
      };
      return openConnectionsOf(asking, account.getPublicKey(), holder, { size: 8, overlap: 2 });
    });
    expect(new Set(found.map(({ connectionId }) => connectionId)).size).to.equal(15);
    expect(found).to.have.length(15);
    expect(pages).to.be.greaterThan(3);
  });

  it('are not told of a server that answers a ping and then nothing', async () => {
    const [account, signer] = [keyOf('nats-account.seed'), keyOf('nats-agent-signing.seed')];
    const holder = { name: 'host-a', nkey: createUser().getPublicKey(), issuer: signer.getPublicKey() };
    const refused = await asSystem(keyOf('nats-system-account.seed'), [nats.url], CONNECTION_SUBJECTS, (system) => {
      const asking: Pick<NatsConnection, 'request' | 'subscribe' | 'publish'> = {
        subscribe: system.subscribe.bind(system),
        publish: system.publish.bind(system),
        request: async (...question) => {
          await stopProcesses(nats.pid());
          return system.request(...question);
        },
      };
      return openConnectionsOf(asking, account.getPublicKey(), holder).finally(() =>
        process.kill(nats.pid(), 'SIGCONT'),
      );
    }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(BusServersSilentError).and.have.property('message').that.contains('CONNZ');
  });

  it('are found at every server of the bus, and nothing is said while one does not answer', async () => {
    const [first, second] = [await freePort(), await freePort()];
    const routes = (own: number, other: number) =>
      `cluster { name: test, listen: "127.0.0.1:${own}", routes: ["nats://127.0.0.1:${other}"] }`;
    const keys = { keysFolder: nats.keysFolder };
    const one = await startNats({ ...keys, configuration: routes(first, second) });
    const two = await startNats({ ...keys, configuration: routes(second, first) });
    try {
      const user = createUser();
      const holder = agent('host-a', user);
      const connection = await connectAs(holder, user, two.url);
      await waitFor('the servers know each other', async () => (await close(holder, one.url)) === 1);
      await isClosed(connection);
      await stopProcesses(two.pid());
      const refused = await close(holder, one.url).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(BusServersSilentError);
      process.kill(two.pid(), 'SIGCONT');
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
  });
});
