import { expect } from 'chai';
import type { Bus, BusCredentials, BusFault, BusIntake, BusStatus } from '#libs/bus/bus.js';
import { BusRefusedError, BusTimeoutError, BusUnavailableError } from '#libs/bus/errors.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { createUser } from '#libs/bus/nats-keys.js';
import {
  agentInboxPrefix,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  everyAgentSubject,
  senderInboxPrefix,
} from '#libs/contracts/bus/subjects.js';
import { CodedError } from '#libs/contracts/errors.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { waitFor } from '#test/support/wait.js';

const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');

interface Connected {
  readonly bus: Bus;
  readonly statuses: BusStatus[];
  readonly faults: BusFault[];
}

describe('the bus', () => {
  let nats: TestNats;
  const open: Bus[] = [];

  beforeEach(async () => {
    nats = await startNats();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((bus) => bus.close()));
    await nats.stop();
  });

  async function connected(
    inboxPrefix: string,
    credentials: () => BusCredentials,
    intake?: BusIntake,
  ): Promise<Connected> {
    const statuses: BusStatus[] = [];
    const faults: BusFault[] = [];
    const bus = connectBus({
      servers: [nats.url],
      name: 'test',
      inboxPrefix,
      replyInbox: inboxPrefix === CONTROL_PLANE_INBOX_PREFIX ? senderInboxPrefix : () => CONTROL_PLANE_INBOX_PREFIX,
      credentials,
      onStatus: (status) => statuses.push(status),
      onFault: (fault) => faults.push(fault),
      ...(intake === undefined ? {} : { intake }),
    });
    open.push(bus);
    await waitFor('the bus is connected', () => bus.status() === 'connected');
    return { bus, statuses, faults };
  }

  async function controlPlane(intake?: BusIntake): Promise<Connected> {
    const credentials = await nats.authority.controlPlaneCredentials();
    return connected(CONTROL_PLANE_INBOX_PREFIX, () => credentials, intake);
  }

  async function agentCredentials(agentId: AgentId, ttlMs = 60_000): Promise<BusCredentials & { nkey: string }> {
    const user = createUser();
    const nkey = user.getPublicKey();
    const jwt = await nats.authority.issueAgent(agentId, nkey, new Date(Date.now() + ttlMs));
    return { jwt, seed: new TextDecoder().decode(user.getSeed()), nkey };
  }

  async function agent(agentId: AgentId): Promise<Connected> {
    const credentials = await agentCredentials(agentId);
    return connected(agentInboxPrefix(agentId), () => credentials);
  }

  it('carries a request from an agent to the control plane and the reply back', async () => {
    const { bus: server } = await controlPlane();
    const { bus } = await agent(HOST_A);
    server.serve(everyAgentSubject('hello'), async (message, subject) => ({ message, subject }));
    const reply = await bus.requestUntilAnswered(
      agentSubject(HOST_A, 'hello'),
      { boot: 1 },
      AbortSignal.timeout(5_000),
    );
    expect(reply).to.deep.equal({ message: { boot: 1 }, subject: 'gs.v1.agent.host-a.hello' });
  });

  it('gives the requester the code of a handler that refuses, and hides any other failure', async () => {
    const { bus: server } = await controlPlane();
    const { bus } = await agent(HOST_A);
    server.serve(everyAgentSubject('sync'), async (message) => {
      if (message === 1) throw new CodedError('NETWORK_NOT_FOUND', 'no such network');
      throw new Error('secret detail');
    });
    await waitFor('served', () => ask(bus, 'sync', 1).then((error) => error instanceof BusRefusedError));
    const coded = await ask(bus, 'sync', 1);
    expect(coded).to.be.instanceOf(BusRefusedError).and.have.property('code', 'NETWORK_NOT_FOUND');
    const hidden = await ask(bus, 'sync', 2);
    expect(hidden).to.have.property('code', 'INTERNAL');
    expect(String(hidden)).to.not.contain('secret');
  });

  it('tells an unanswered request from one that nobody can take', async () => {
    const { bus: server } = await controlPlane();
    const { bus } = await agent(HOST_A);
    expect(await ask(bus, 'inventory', {})).to.be.instanceOf(BusUnavailableError);
    server.serve(everyAgentSubject('inventory'), () => new Promise(() => {}));
    await waitFor('a time-out', () => ask(bus, 'inventory', {}).then((error) => error instanceof BusTimeoutError));
  });

  it('takes the answer to an earlier attempt, and asks no more', async () => {
    const { bus: server } = await controlPlane();
    let attempts = 0;
    const second = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    server.serve(
      everyAgentSubject('applied'),
      async () => {
        attempts += 1;
        if (attempts > 1) second.resolve();
        await (attempts === 1 ? second.promise : over.promise);
        return 'the first';
      },
      10,
    );
    const { bus } = await agent(HOST_A);
    const signal = AbortSignal.timeout(10_000);
    try {
      expect(await bus.requestUntilAnswered(agentSubject(HOST_A, 'applied'), null, signal)).to.equal('the first');
    } finally {
      over.resolve();
    }
    expect(attempts).to.equal(2);
  });

  it('keeps a subject in order and lets another subject pass', async () => {
    const { bus: server } = await controlPlane();
    const { bus } = await agent(HOST_A);
    const seen: unknown[] = [];
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.serve(everyAgentSubject('applied'), async (message) => {
      if (message === 1) await held;
      seen.push(message);
    });
    server.serve(everyAgentSubject('heartbeat'), async () => 'alive');
    const signal = AbortSignal.timeout(10_000);
    await bus.requestUntilAnswered(agentSubject(HOST_A, 'heartbeat'), null, signal);
    const both = [1, 2].map((n) => bus.request(agentSubject(HOST_A, 'applied'), n, 5_000));
    expect(await bus.request(agentSubject(HOST_A, 'heartbeat'), null, 5_000)).to.equal('alive');
    expect(seen).to.deep.equal([]);
    release();
    await Promise.all(both);
    expect(seen).to.deep.equal([1, 2]);
  });

  it('drops what waits of a sender that nothing is wanted of any more, and lets one that is over its bounds wait', async () => {
    const wanted = new Set(['host-a', 'host-b']);
    let turns = 0;
    const senderOf = (subject: string): string => subject.split('.')[3] ?? '';
    const { bus: server } = await controlPlane({
      admits: () => true,
      isHeldBack: (subject) => senderOf(subject) === 'host-a' && wanted.has('host-a'),
      isStillWanted: (subject) => {
        if (senderOf(subject) === 'host-a') turns += 1;
        return wanted.has(senderOf(subject));
      },
    });
    const [{ bus: heldBack }, { bus: other }] = [await agent(HOST_A), await agent(HOST_B)];
    const seen: string[] = [];
    server.serve(everyAgentSubject('applied'), async (_message, subject) => void seen.push(senderOf(subject)));
    const send = (bus: Bus, from: AgentId) => bus.request(agentSubject(from, 'applied'), null, 5_000);
    await waitFor('served', () =>
      send(other, HOST_B).then(
        () => true,
        () => false,
      ),
    );
    const ofHeldBack = Array.from({ length: 200 }, () => send(heldBack, HOST_A).catch((error: unknown) => error));
    await waitFor('the first is dealt with', () => seen.includes('host-a'));
    await Promise.all(Array.from({ length: 10 }, () => send(other, HOST_B)));
    wanted.delete('host-a');
    const taken = seen.filter((from) => from === 'host-a').length;
    expect(taken).to.be.below(150);
    await waitFor('all had their turn', () => turns === ofHeldBack.length);
    expect(seen.filter((from) => from === 'host-a')).to.have.length(taken);
    await heldBack.close();
    await Promise.all(ofHeldBack);
  });

  it('serves as many requests of a subject at once as it is told, and the others in their order', async () => {
    const { bus: server } = await controlPlane();
    const { bus } = await agent(HOST_A);
    const begun: unknown[] = [];
    const gates = new Map<unknown, () => void>();
    const handle = (message: unknown) => {
      begun.push(message);
      return new Promise((resolve) => gates.set(message, () => resolve(message)));
    };
    server.serve(everyAgentSubject('applied'), handle, 2);
    server.serve(everyAgentSubject('heartbeat'), async () => 'alive');
    await bus.requestUntilAnswered(agentSubject(HOST_A, 'heartbeat'), null, AbortSignal.timeout(10_000));
    const answers = [1, 2, 3, 4].map((n) => bus.request(agentSubject(HOST_A, 'applied'), n, 10_000));
    await waitFor('two have begun', () => begun.length === 2);
    expect(await bus.request(agentSubject(HOST_A, 'heartbeat'), null, 5_000)).to.equal('alive');
    expect(begun).to.deep.equal([1, 2]);
    gates.get(2)?.();
    await waitFor('the third has begun', () => begun.length === 3);
    for (const n of [1, 3]) gates.get(n)?.();
    await waitFor('the fourth has begun', () => begun.length === 4);
    gates.get(4)?.();
    expect(await Promise.all(answers)).to.deep.equal([1, 2, 3, 4]);
    expect(begun).to.deep.equal([1, 2, 3, 4]);
  });

  it('has 4 MiB of large requests under way at a time, and small ones pass them', async () => {
    const { bus: server } = await controlPlane();
    const { bus } = await agent(HOST_A);
    const large = 'x'.repeat(17_000);
    const most = Math.floor((4 * 1_048_576) / JSON.stringify(large).length);
    let unanswered = 0;
    const answers = Promise.withResolvers<void>();
    const answer = async (): Promise<string> => {
      unanswered += 1;
      await answers.promise;
      return 'taken';
    };
    server.serve(everyAgentSubject('applied'), answer, 1_000);
    server.serve(everyAgentSubject('hello'), async () => 'passed');
    const { signal } = new AbortController();
    const asked = Array.from({ length: 2 * most }, () =>
      bus.requestUntilAnswered(agentSubject(HOST_A, 'applied'), large, signal),
    );
    await waitFor('as many as may have arrived', () => unanswered >= most);
    expect(await bus.requestUntilAnswered(agentSubject(HOST_A, 'hello'), 'small', signal)).to.equal('passed');
    expect(unanswered).to.equal(most);
    answers.resolve();
    expect(new Set(await Promise.all(asked))).to.deep.equal(new Set(['taken']));
  });

  it('asks until answered through a server that was killed and started again', async () => {
    const { bus: server, statuses } = await controlPlane();
    const { bus } = await agent(HOST_A);
    server.serve(everyAgentSubject('applied'), async () => 'kept');
    await nats.kill();
    const answer = bus.requestUntilAnswered(agentSubject(HOST_A, 'applied'), null, AbortSignal.timeout(20_000));
    await nats.start();
    expect(await answer).to.equal('kept');
    expect(statuses).to.include('disconnected');
  });

  it("holds an agent's credentials to its own subjects and inbox", async () => {
    const { bus: server } = await controlPlane();
    const { bus, faults } = await agent(HOST_A);
    const reached: string[] = [];
    server.serve(everyAgentSubject('hello'), async (_, subject) => reached.push(subject));
    const forbidden = [
      agentSubject(HOST_B, 'hello'),
      agentSubject(HOST_B, 'topology'),
      agentSubject(HOST_A, 'topology'),
      'gs.v1.agent.host-a.anything',
      '$SYS.REQ.CLAIMS.UPDATE',
      'elsewhere',
    ];
    for (const subject of forbidden) await bus.request(subject, {}, 200).catch(() => {});
    for (const subject of [agentSubject(HOST_B, 'topology'), everyAgentSubject('hello'), '_INBOX.host-b.>', '>']) {
      bus.serve(subject, async () => reached.push(subject));
    }
    await waitFor('every attempt was refused by the server', () => faults.length >= forbidden.length + 4);
    await server.request(agentSubject(HOST_B, 'topology'), {}, 300).catch(() => {});
    expect(reached).to.deep.equal([]);
    expect(await bus.request(agentSubject(HOST_A, 'hello'), {}, 2_000)).to.equal(1);
  });

  it('cuts a revoked agent and refuses it afterwards, and no other', async () => {
    const credentials = await agentCredentials(HOST_A);
    const { bus, statuses } = await connected(agentInboxPrefix(HOST_A), () => credentials);
    const { bus: other, statuses: otherStatuses } = await agent(HOST_B);
    const before = statuses.length;
    await nats.authority.publishRevocations([nats.url], { [credentials.nkey]: Math.floor(Date.now() / 1_000) });
    await waitFor('the connection is cut', () => statuses.slice(before).includes('disconnected'));
    await waitFor('it is refused again', () => statuses.slice(before).filter((s) => s === 'disconnected').length > 1);
    expect(bus.status()).to.not.equal('connected');
    expect(other.status()).to.equal('connected');
    expect(otherStatuses).to.not.include('disconnected');
  });

  it('asks for credentials again when the old ones have expired', async () => {
    const first = await agentCredentials(HOST_A, 2_000);
    const renewed = await agentCredentials(HOST_A);
    let asked = 0;
    const { bus, statuses } = await connected(agentInboxPrefix(HOST_A), () => (asked++ === 0 ? first : renewed));
    await waitFor('expiry ended the first connection', () => statuses.includes('disconnected'));
    await waitFor('connected again', () => bus.status() === 'connected');
    expect(asked).to.be.greaterThan(1);
  });
});

function ask(bus: Bus, message: 'sync' | 'inventory', body: unknown): Promise<unknown> {
  return bus.request(agentSubject(HOST_A, message), body, 500).catch((error: unknown) => error);
}
