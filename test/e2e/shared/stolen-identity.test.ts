import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { connect as connectNats } from 'nats';
import type { BusFault } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import {
  agentInboxPrefix,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  everyAgentSubject,
} from '#libs/contracts/bus/subjects.js';
import { parseAgentId, parseAliasName, parseNetworkId, parseSandboxId } from '#libs/contracts/ids.js';
import type { FlowRequest, MeshMember } from '#libs/mesh/flow.js';
import { identityOf, meshNodeAs, transportFor } from '#test/support/agent-identity.js';
import { listenToBus } from '#test/support/bus-listener.js';
import { flowIdOf, openAs } from '#test/support/main-path.js';
import { networkIdOf } from '#test/support/record.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';
import type { RunningStack } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';
import { waitFor } from '#test/support/wait.js';

const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');

for (const mesh of MESHES) {
  describe(`with everything that host-a's disk holds, over ${mesh}`, function () {
    this.timeout(60_000);
    const at = sharedStack('static', mesh);
    let stack: RunningStack;

    before(async function () {
      this.timeout(150_000);
      stack = at();
      await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080', 'sbx-worker': 'worker:8080' });
      await allow(stack, 'dev', 'any', 'api', 8_080);
    });

    it('nothing outside its own subjects is published or heard on the live bus', async () => {
      const { credentials, keys } = await identityOf(stack, 'host-a');
      const faults: BusFault[] = [];
      const bus = connectBus({
        servers: credentials.busServers,
        name: 'thief',
        inboxPrefix: agentInboxPrefix(HOST_A),
        replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
        credentials: () => ({ jwt: credentials.busJwt, seed: keys.nkeySeed }),
        onStatus: () => {},
        onFault: (fault) => faults.push(fault),
      });
      const heard: string[] = [];
      try {
        await waitFor('connected', () => bus.status() === 'connected');
        const publish = [
          agentSubject(HOST_B, 'heartbeat'),
          agentSubject(HOST_B, 'applied'),
          agentSubject(HOST_B, 'topology'),
          agentSubject(HOST_A, 'topology'),
          '$SYS.REQ.SERVER.PING',
          'gs.v2.agent.host-a.heartbeat',
        ];
        const subscribe = [
          agentSubject(HOST_B, 'topology'),
          agentSubject(HOST_B, 'heartbeat'),
          everyAgentSubject('heartbeat'),
          `${agentInboxPrefix(HOST_B)}.>`,
          `${CONTROL_PLANE_INBOX_PREFIX}.>`,
          '>',
        ];
        for (const subject of subscribe) bus.serve(subject, async () => heard.push(subject));
        for (const subject of publish) await bus.request(subject, {}, 100).catch(() => {});
        await waitFor('the server refused each', () => faults.length >= publish.length + subscribe.length);
        // Meanwhile the others' traffic continues, and none of it arrives here.
        await allow(stack, 'dev', 'any', 'worker', 8_080);
        expect(heard).to.deep.equal([]);
      } finally {
        await bus.close();
      }
    });

    it('the control plane publishes nothing where its messages ask for their answers, but into its inbox', async () => {
      const { credentials, keys } = await identityOf(stack, 'host-a');
      const url = credentials.busServers[0] ?? '';
      const connection = await connectNats({
        servers: url,
        inboxPrefix: agentInboxPrefix(HOST_A),
        authenticator: jwtAuthenticator(credentials.busJwt, Buffer.from(keys.nkeySeed)),
        reconnect: false,
      });
      const listener = await listenToBus(url, join(stack.home, 'keys'));
      try {
        const subject = agentSubject(HOST_A, 'sync');
        const elsewhere = [
          agentSubject(HOST_B, 'topology'),
          agentSubject(HOST_B, 'applied'),
          `${agentInboxPrefix(HOST_B)}.stolen.1`,
          `${CONTROL_PLANE_INBOX_PREFIX}.stolen.1`,
        ];
        const astray = JSON.stringify({ protocol: 0, mark: 'astray' });
        for (const reply of elsewhere) connection.publish(subject, astray, { reply });
        const answer = await connection.request(subject, astray, { timeout: 5_000 });
        expect(answer.string()).to.contain('PROTOCOL_UNSUPPORTED');
        await listener.caughtUp();
        const refusals = listener.heard.filter(({ text }) => text.includes('PROTOCOL_UNSUPPORTED'));
        expect(refusals.map((heard) => heard.subject)).to.deep.equal([answer.subject]);
      } finally {
        await listener.close();
        await connection.close();
      }
    });

    describe('over the mesh', () => {
      let node: MeshMember;
      let request: FlowRequest;

      before(async () => {
        node = await meshNodeAs(stack, 'host-a');
        request = {
          flowId: flowIdOf(1),
          networkId: parseNetworkId(await networkIdOf(stack, 'dev'), 'network'),
          alias: parseAliasName('api', 'alias'),
          port: 8_080,
          source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') },
          version: 1,
        };
      });

      after(async () => {
        await node?.close();
      });

      it('its own sandbox opens what policy allows', async () => {
        expect(await openAs(node, { ...request, flowId: flowIdOf(2) })).to.equal('OPENED');
      });

      const rows: readonly (readonly [string, Partial<FlowRequest>, string])[] = [
        [
          'a source placed on another agent',
          { source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-worker', 's') } },
          'SOURCE_NOT_ON_PEER',
        ],
        [
          'a source that is not attached',
          { source: { kind: 'sandbox', sandboxId: parseSandboxId('nobody', 's') } },
          'SOURCE_NOT_ON_PEER',
        ],
        ['a port that is not published', { port: 9_090 }, 'NO_PORT'],
        ['an alias of its own host', { alias: parseAliasName('web', 'a') }, 'DEFAULT_DENY'],
        ['a network that does not exist', { networkId: parseNetworkId('0', 'n') }, 'NETWORK_UNKNOWN'],
      ];
      it('is refused a source placed on another agent when it speaks HTTP/2 by hand', async () => {
        const { credentials, keys } = await identityOf(stack, 'host-a');
        const { items } = (await stack.json(['agent', 'list'])) as {
          readonly items: readonly { readonly id: string; readonly mesh: { readonly endpoints: readonly string[] } }[];
        };
        const endpoint = items.find(({ id }) => id === 'host-b')?.mesh.endpoints[0] ?? '';
        const transport = await transportFor(stack);
        await transport.join();
        const socket = await transport.dial(endpoint, AbortSignal.timeout(10_000));
        const session = connectHttp2('https://host-b', {
          createConnection: () =>
            connectTls({
              socket,
              ALPNProtocols: ['h2'],
              cert: credentials.certificate,
              key: keys.meshPrivateKey,
              ca: credentials.authority,
              // The name in an agent's certificate is a SPIFFE URI, not a host's.
              checkServerIdentity: () => undefined,
            }),
        });
        try {
          const ask = async (source: string): Promise<string> => {
            const stream = session.request({
              ':method': 'CONNECT',
              ':authority': 'anything',
              'gs-flow': '0'.repeat(30) + (source === 'sandbox:sbx-web' ? 'e1' : 'e2'),
              'gs-network': request.networkId,
              'gs-alias': 'api',
              'gs-port': '8080',
              'gs-source': source,
              'gs-version': '1',
            });
            const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
            stream.on('error', () => {});
            stream.close();
            return `${headers[':status']} ${headers['gs-code'] ?? ''}`;
          };
          expect(await ask('sandbox:sbx-web')).to.equal('200 ');
          expect(await ask('sandbox:sbx-worker')).to.equal('403 SOURCE_NOT_ON_PEER');
        } finally {
          session.destroy();
          await transport.close();
        }
      });

      for (const [index, [title, change, code]] of rows.entries()) {
        it(`is refused ${title}`, async () => {
          expect(await openAs(node, { ...request, ...change, flowId: flowIdOf(10 + index) })).to.equal(code);
        });
      }
    });
  });
}
