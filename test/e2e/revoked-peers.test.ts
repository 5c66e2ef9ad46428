import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createUser } from '#libs/bus/nats-keys.js';
import { parseAgentId, parseAliasName, parseNetworkId, parseSandboxId } from '#libs/contracts/ids.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import type { FlowRequest, MeshMember } from '#libs/mesh/flow.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import { meshNodeAs, meshNodeWith } from '#test/support/agent-identity.js';
import { flowIdOf } from '#test/support/main-path.js';
import { networkIdOf } from '#test/support/record.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from '../integration/control-plane/api.js';
import { enrollmentBody, SimulatedAgent } from '../integration/control-plane/simulated-agent.js';
import { ending, failure, observe } from '../integration/mesh/conformance/observe.js';

const HOST_B = parseAgentId('host-b', 'agent');

for (const mesh of MESHES) {
  describe(`a certificate that the control plane does not stand by, over ${mesh}`, function () {
    this.timeout(60_000);
    let stack: RunningStack;
    let thief: MeshMember;
    let request: FlowRequest;
    let flows = 0;
    const nodes: MeshMember[] = [];

    before(async function () {
      this.timeout(150_000);
      stack = await startStack({ sandboxes: 'static', mesh });
      await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
      const rule = ['--from', 'any', '--to', 'api', '--port', '8080'];
      await stack.json(['network', 'policy', 'allow', 'dev', ...rule, '--wait']);
      request = {
        flowId: flowIdOf(1),
        networkId: parseNetworkId(await networkIdOf(stack, 'dev'), 'network'),
        alias: parseAliasName('api', 'alias'),
        port: 8_080,
        source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') },
        version: 1,
      };
      thief = await meshNodeAs(stack, 'host-a');
      nodes.push(thief);
    });

    after(async () => {
      await Promise.all(nodes.map((node) => node.close()));
      await stack?.remove();
    });

    const next = (): FlowRequest => {
      flows += 1;
      return { ...request, flowId: flowIdOf(100 + flows) };
    };

    /** The outcome of a flow that the node asks host-b for. */
    const asked = (node: MeshMember) => failure(node.open(HOST_B, next(), AbortSignal.timeout(10_000)));

    async function tokenOf(name: string): Promise<string> {
      const { token } = (await stack.json(['agent', 'enroll', name])) as { readonly token: string };
      return token;
    }

    it('opens no session when its agent shares no network with the one it asks', async () => {
      const privateKey = createPrivateKeyPem();
      const body = enrollmentBody(
        await tokenOf('host-c'),
        'host-c',
        createUser(),
        createCertificateRequest(privateKey),
      );
      const enrolled = await callApi(stack.url, 'POST', '/v1/agent-enrollments', body);
      expect(enrolled.status, enrolled.text).to.equal(201);
      const { certificate, authority } = enrolled.body as { readonly certificate: string; readonly authority: string };
      const stranger = await meshNodeWith(stack, { certificate, authority, privateKey });
      nodes.push(stranger);
      expect(await asked(stranger)).to.equal('PEER_REFUSED_SESSION');
    });

    it('loses its flows and sessions when its agent is revoked, and opens no other', async () => {
      const flow = await thief.open(HOST_B, next(), AbortSignal.timeout(5_000));
      const seen = observe(flow);
      const revoked = await stack.json(['agent', 'revoke', 'host-a', '--yes']);
      expect(revoked).to.include({ changed: true, connectionCut: true });
      expect(await ending(seen)).to.equal('FLOW_RESET');
      expect(await asked(thief)).to.equal('PEER_REFUSED_SESSION');
    });

    it('leaves an agent that has ended for good, and said last who revoked it and what to do next', async () => {
      const over = 'agent-host-a cannot run: agent host-a was revoked by user:admin (exit code 2; not started again)';
      await waitFor('its supervisor gives it up', () => stack.output().includes(over), 40_000);
      expect(stack.output()).to.contain(
        `${over}\n  try: empty its state folder and enrol it again with a new token: gstacks`,
      );
      const last: unknown = JSON.parse(stack.log('agent-host-a').trimEnd().split('\n').at(-1) ?? '');
      expect(last).to.include({
        ...{ level: 60, message: 'agent: revoked', code: 'AGENT_REVOKED' },
        ...{ reason: 'agent host-a was revoked by user:admin' },
        remedy: 'empty its state folder and enrol it again with a new token: gstacks agent enroll host-a',
      });
    });

    it('stays out of an agent that restarts while the control plane does not answer', async () => {
      const controlPlane = stack.pid('control-plane');
      await stopProcesses(controlPlane);
      try {
        const victim = stack.pid('agent-host-b');
        const joins = joinedLines().length;
        process.kill(victim, 'SIGKILL');
        await waitFor('host-b is in the mesh again', () => joinedLines().length > joins, 30_000);
        const endpoints = joinedLines().at(-1)?.endpoints ?? [];
        thief.setPeers([{ agentId: HOST_B, endpoints, keyThumbprint: null }]);
        expect(await asked(thief)).to.equal('PEER_REFUSED_SESSION');
      } finally {
        process.kill(controlPlane, 'SIGCONT');
      }
    });

    it('stays out when its agent is enrolled again with other keys', async () => {
      const again = await SimulatedAgent.enroll(stack.url, 'host-a', await tokenOf('host-a'));
      try {
        await again.connect();
        await again.report(['sbx-web']);
        const known = join(stack.home, 'agents', 'host-b', 'peers.json');
        await waitFor('host-a is a peer of host-b again', () => readFileSync(known, 'utf8').includes('host-a'), 20_000);
        expect(await asked(thief)).to.equal('PEER_REFUSED_SESSION');
      } finally {
        await again.close();
      }
    });

    /** Each time that host-b reported joining the mesh, and its address. */
    function joinedLines(): readonly { readonly endpoints: readonly string[] }[] {
      return stack
        .log('agent-host-b')
        .split('\n')
        .filter((line) => line.includes('"joined the mesh"'))
        .map((line) => JSON.parse(line));
    }
  });
}
