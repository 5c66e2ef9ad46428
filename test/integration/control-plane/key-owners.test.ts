import type { KeyPair } from '@nats-io/nkeys';
import { expect } from 'chai';
import { connect } from 'nats';
import { createUser, jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { parseAgentId, parseLocalNodeId } from '#libs/contracts/ids.js';
import { renewalStatement } from '#libs/contracts/renewal.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { streamOf } from '#libs/domain/aggregate.js';
import type { DomainEvent } from '#libs/domain/aggregates.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { appendAsEarlierRelease, joinedEvent } from '#test/support/earlier-release.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { type ApiAnswer, callApi } from './api.js';
import { type Authorization, joinBody, type LocalKeys, newKeys, signatureOf, tokenFor } from './joining.js';
import { TestControlPlane } from './setup.js';
import { enrollmentBody } from './simulated-agent.js';

describe('a key of an agent or local node', () => {
  let controlPlane: TestControlPlane;
  let as: Authorization;
  let others: Authorization;
  let networkId: string;
  let names = 0;
  const nextName = () => `name-${++names}`;

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    const { body } = await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    networkId = (body.result as { readonly id: string }).id;
    await controlPlane.call('POST', '/v1/networks', { name: 'test' });
    as = (await tokenFor(controlPlane, 'ada')).as;
    others = (await tokenFor(controlPlane, 'bob')).as;
  });

  after(() => controlPlane.end());

  const outcome = ({ status, body }: ApiAnswer) => [status, body.code ?? null];
  const join = (network: string, keys: LocalKeys, machine: string, of = as) =>
    controlPlane.call('POST', `/v1/networks/${network}/local-nodes`, joinBody(network, keys, machine), { ...of });
  const leave = (nodeId: unknown) => controlPlane.call('POST', `/v1/local-nodes/${nodeId}/leave`, undefined, { ...as });

  async function tokenOf(name: string): Promise<string> {
    const { body } = await controlPlane.call('POST', '/v1/agents/enrollment-tokens', { name });
    return String(body.token);
  }

  async function enroll(name: string, { user, certificateRequest }: LocalKeys): Promise<ApiAnswer> {
    const body = enrollmentBody(await tokenOf(name), name, user, certificateRequest);
    return callApi(controlPlane.url, 'POST', '/v1/agent-enrollments', body);
  }

  const registered = () =>
    query(
      controlPlane.databaseUrl,
      `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM unique_claims) AS claims,
        (SELECT count(*) FROM enrollment_tokens WHERE used_at IS NOT NULL) AS tokens`,
    );

  async function isRead(path: string, id: string): Promise<void> {
    await waitFor('the control plane has read it', async () => {
      const { body } = await controlPlane.call('GET', `${path}?limit=200`);
      return (body.items as readonly { readonly id: string }[]).some((item) => item.id === id);
    });
  }

  /** Registers the keys for somebody. */
  type Hold = (keys: LocalKeys) => Promise<unknown>;

  async function asEarlierAgent(keys: LocalKeys, isRevoked: boolean): Promise<void> {
    const agentId = parseAgentId(nextName(), 'name');
    const { nkey, meshKeyThumbprint } = keys;
    const events: DomainEvent[] = [{ type: 'AgentEnrolled', data: { agentId, nkey, meshKeyThumbprint } }];
    if (isRevoked) events.push({ type: 'AgentRevoked', data: { reason: 'gone' } });
    await appendAsEarlierRelease(controlPlane.databaseUrl, streamOf(AGENT, agentId), events);
    await isRead('/v1/agents', agentId);
  }

  async function asEarlierNode(keys: LocalKeys, hasLeft: boolean): Promise<void> {
    const nodeId = parseLocalNodeId(nextName(), 'node');
    const events: DomainEvent[] = [joinedEvent(nodeId, networkId, keys)];
    if (hasLeft) events.push({ type: 'LocalNodeLeft', data: {} });
    await appendAsEarlierRelease(controlPlane.databaseUrl, streamOf(LOCAL_NODE, nodeId), events);
    await isRead('/v1/local-nodes', nodeId);
  }

  const holders: readonly (readonly [string, Hold])[] = [
    ['an agent', (keys) => enroll(nextName(), keys)],
    [
      'a revoked agent',
      async (keys) => {
        const name = nextName();
        await enroll(name, keys);
        await controlPlane.call('DELETE', `/v1/agents/${name}`);
      },
    ],
    ['a machine', (keys) => join('dev', keys, 'first')],
    ['a machine that left', async (keys) => leave((await join('dev', keys, 'first')).body.nodeId)],
    ['an agent that an earlier release enrolled', (keys) => asEarlierAgent(keys, false)],
    ['a revoked agent that an earlier release enrolled', (keys) => asEarlierAgent(keys, true)],
    ['a machine that an earlier release let join', (keys) => asEarlierNode(keys, false)],
    ['a machine that an earlier release let join and leave', (keys) => asEarlierNode(keys, true)],
  ];
  const claimants: readonly (readonly [string, (keys: LocalKeys) => Promise<ApiAnswer>])[] = [
    ['another agent', (keys) => enroll(nextName(), keys)],
    ['another machine of the same user', (keys) => join('dev', keys, 'second')],
    ['the same machine in another network', (keys) => join('test', keys, 'first')],
    ['the same machine of another user', (keys) => join('dev', keys, 'first', others)],
  ];

  for (const [holder, hold] of holders) {
    for (const [claimant, claim] of claimants) {
      it(`that is ${holder}'s is refused to ${claimant}`, async () => {
        const held = await newKeys();
        await hold(held);
        const [sameBusKey, sameMeshKey] = [await newKeys(held.user), await newKeys()];
        const before = await registered();
        expect(outcome(await claim(sameBusKey))).to.deep.equal([409, 'BUS_KEY_TAKEN']);
        const { certificateRequest, meshKeyThumbprint } = held;
        const other = await claim({ ...sameMeshKey, certificateRequest, meshKeyThumbprint });
        expect(outcome(other)).to.deep.equal([409, 'MESH_KEY_TAKEN']);
        expect(await registered()).to.deep.equal(before);
      });
    }
  }

  it('is one identity’s alone when agents and machines ask for it at the same moment', async () => {
    const user = createUser();
    const asked = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const [name, keys] = [nextName(), await newKeys(user)];
        const enrollment = enrollmentBody(await tokenOf(name), name, user, keys.certificateRequest);
        return index % 2 === 0
          ? () => callApi(controlPlane.url, 'POST', '/v1/agent-enrollments', enrollment)
          : () => join('dev', keys, name);
      }),
    );
    const answers = (await Promise.all(asked.map((ask) => ask()))).map(outcome);
    const refused = answers.filter(([status]) => status !== 201);
    expect(refused).to.deep.equal(Array.from({ length: 5 }, () => [409, 'BUS_KEY_TAKEN']));
  });

  it('is its own: of an agent whose enrolment was not answered, of a machine that renews or comes back', async () => {
    const [agent, machine, name] = [await newKeys(), await newKeys(), nextName()];
    const body = enrollmentBody(await tokenOf(name), name, agent.user, agent.certificateRequest);
    for (const _ of ['answer lost', 'answered']) {
      expect((await callApi(controlPlane.url, 'POST', '/v1/agent-enrollments', body)).status).to.equal(201);
    }
    const first = await join('dev', machine, 'laptop');
    const renewed = await join('dev', machine, 'laptop');
    await leave(first.body.nodeId);
    const back = await join('dev', machine, 'laptop');
    for (const answer of [renewed, back]) {
      expect([answer.status, answer.body.nodeId]).to.deep.equal([201, first.body.nodeId]);
    }
    await canConnect(machine, back);
  });

  it('stays out once its agent was revoked with it, which may come back with others', async () => {
    const [keys, name] = [await newKeys(), nextName()];
    await enroll(name, keys);
    await controlPlane.call('DELETE', `/v1/agents/${name}`);
    const token = await tokenOf(name);
    const again = (user: KeyPair, request: string) =>
      callApi(controlPlane.url, 'POST', '/v1/agent-enrollments', enrollmentBody(token, name, user, request));
    const fresh = await newKeys();
    const before = await registered();
    const refused = [
      await again(keys.user, fresh.certificateRequest),
      await again(fresh.user, keys.certificateRequest),
    ];
    for (const answer of refused) expect(outcome(answer)).to.deep.equal([403, 'AGENT_KEY_REVOKED']);
    expect(await registered()).to.deep.equal(before);
    const enrolled = await again(fresh.user, fresh.certificateRequest);
    expect(enrolled.status).to.equal(201);
    await canConnect(fresh, enrolled);
  });

  it('is claimed with the next renewal of an agent that an earlier release enrolled', async () => {
    const keys = await newKeys();
    const { user, nkey, certificateRequest, meshKeyThumbprint } = keys;
    const agentId = parseAgentId(nextName(), 'name');
    await appendAsEarlierRelease(controlPlane.databaseUrl, streamOf(AGENT, agentId), [
      { type: 'AgentEnrolled', data: { agentId, nkey, meshKeyThumbprint } },
    ]);
    await isRead('/v1/agents', agentId);
    const renewal = { agentId, nkey, certificateRequest, timestamp: new Date().toISOString() };
    const signature = signatureOf(user, renewalStatement(renewal));
    const answer = await callApi(controlPlane.url, 'POST', '/v1/agent-credentials', { ...renewal, signature });
    expect(answer.status, answer.text).to.equal(201);
    const claims = await query(
      controlPlane.databaseUrl,
      `SELECT scope, value FROM unique_claims WHERE stream_id = 'agent-${agentId}' ORDER BY scope`,
    );
    expect(claims).to.deep.equal([
      { scope: 'bus-key', value: nkey },
      { scope: 'mesh-key', value: meshKeyThumbprint },
    ]);
  });

  async function canConnect({ seed }: LocalKeys, { body }: ApiAnswer): Promise<void> {
    const authenticator = jwtAuthenticator(String(body.busJwt), new TextEncoder().encode(seed));
    const connection = await waitFor('the bus takes the credentials', () =>
      connect({ servers: controlPlane.nats.url, authenticator, reconnect: false }).catch(() => undefined),
    );
    await connection.close();
  }
});
