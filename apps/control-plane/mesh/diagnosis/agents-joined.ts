import type { MeshStateDto } from '#libs/contracts/http/agents.js';
import type { MeshCheckDto } from '#libs/contracts/http/mesh-diagnosis.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';
import type { MeshTransport } from '#libs/contracts/mesh-transports.js';
import { passed, skipped } from './mesh-check.js';

const CODE = 'AGENTS_JOINED';
const MOST_NAMED = 10;

export interface AgentInMesh {
  readonly agentId: AgentId;
  /** As far as it is known now; null: it never said. */
  readonly mesh: MeshStateDto | null;
}

/** Whether every enrolled agent is in this mesh and all is well there, by its own word. One that is not heard of is not known to be. */
export function agentsJoined(agents: readonly AgentInMesh[], transport: MeshTransport | null): MeshCheckDto {
  if (agents.length === 0) return skipped(CODE, 'no agent is enrolled');
  const out = agents.flatMap(({ agentId, mesh }) => {
    if (mesh === null || mesh.state === 'unknown') return [];
    // One that has joined may have lost the control server since.
    if (mesh.state === 'failed' || mesh.code !== null) {
      const text = `${mesh.state} ${mesh.code ?? ''} (${mesh.message ?? 'no reason given'})`;
      return [{ agentId, cause: mesh.code, text }];
    }
    if (transport === null || mesh.transport === transport) return [];
    return [{ agentId, cause: 'MESH_TRANSPORT_DIFFERS', text: `is in a mesh by ${mesh.transport}, not ${transport}` }];
  });
  const [first] = out;
  if (first !== undefined) {
    const remedy =
      first.cause === 'MESH_TRANSPORT_DIFFERS'
        ? `unset GLOBALSTACKS_MESH_TRANSPORT at the agent ${first.agentId} and start it again`
        : meshRemedy(first.cause);
    const evidence = named(out.map(({ agentId, text }) => `${agentId} ${text}`));
    return { code: CODE, status: 'fail', cause: first.cause, evidence, remedy };
  }
  const unknown = agents.flatMap(({ agentId, mesh }) => {
    if (mesh === null || mesh.state === 'unknown') return [`${agentId} is not heard of`];
    return mesh.state === 'joined' ? [] : [`${agentId} is still joining`];
  });
  if (unknown.length > 0) {
    return { code: CODE, status: 'unknown', cause: null, evidence: named(unknown), remedy: 'gstacks agent list' };
  }
  return passed(CODE, agents.length === 1 ? 'the one agent has joined' : `all ${agents.length} agents have joined`);
}

function named(texts: readonly string[]): string {
  const more = texts.length - MOST_NAMED;
  return [...texts.slice(0, MOST_NAMED), ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
