import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentCredentials, parseCredentials } from '#apps/agent/enrollment/credentials.js';
import { readStateFile } from '#apps/agent/state/state-file.js';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { type MemberKeys, memberKeys } from '#libs/member/keys.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials, MeshMember } from '#libs/mesh/flow.js';
import { startMeshMember } from '#libs/mesh/mesh-member.js';
import type { Transport } from '#libs/mesh/transport.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';
import { CLONE } from './clone.js';
import type { RunningStack } from './stack.js';
import { waitFor } from './wait.js';

/** An agent's keys and credentials: everything that an attacker on its host gets. */
export interface AgentIdentity {
  readonly credentials: AgentCredentials;
  readonly keys: MemberKeys;
}

export async function identityOf(stack: RunningStack, agent: string): Promise<AgentIdentity> {
  const folder = join(stack.home, 'agents', agent, 'identity');
  const key = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
  return {
    credentials: parseCredentials(await readStateFile(join(folder, 'credentials.json'))),
    keys: memberKeys(key('bus.seed'), key('mesh.pem')),
  };
}

/** Into the stack's mesh, as a machine that belongs to nobody. */
export async function transportFor(stack: RunningStack): Promise<Transport> {
  const { fixture, home } = stack;
  if (fixture === null) return directTransport({ listen: '127.0.0.1:0' });
  return tsnetTransport({
    binary: await obtainMeshProgram('mesh-node', CLONE, () => {}),
    controlUrl: fixture.controlUrl,
    hostname: 'stranger',
    stateFolder: mkdtempSync(join(home, 'stranger-')),
    isEphemeral: true,
    requestKey: () => fixture.mintKey(),
    log: () => undefined,
  });
}

/** A mesh node of the test that holds the agent's real certificate and knows the other agents' endpoints. */
export async function meshNodeAs(stack: RunningStack, agent: string): Promise<MeshMember> {
  const { credentials, keys } = await identityOf(stack, agent);
  const { certificate, authority } = credentials;
  return meshNodeWith(stack, { certificate, authority, privateKey: keys.meshPrivateKey });
}

/** Like meshNodeAs, with these credentials. */
export async function meshNodeWith(stack: RunningStack, credentials: MeshCredentials): Promise<MeshMember> {
  const transport = await transportFor(stack);
  const node = await startMeshMember({
    credentials,
    transport,
    log: () => {},
  });
  await waitFor('the node has joined', () => node.status().state === 'joined');
  const { items } = (await stack.json(['agent', 'list'])) as {
    readonly items: readonly { readonly id: string; readonly mesh: { readonly endpoints: readonly string[] } | null }[];
  };
  node.onFlow((flow) => flow.refuse('NOT_HERE', 'a test takes no flows', null));
  node.setPeers(
    items.map(({ id, mesh }) => ({
      agentId: parseAgentId(id, 'agent'),
      endpoints: mesh?.endpoints ?? [],
      keyThumbprint: null,
    })),
  );
  return node;
}
