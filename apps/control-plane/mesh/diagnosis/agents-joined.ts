import type { MeshStateDto } from '#libs/contracts/http/agents.js';
import type { MeshCheckDto } from '#libs/contracts/http/mesh-diagnosis.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';
import {
  type ControlPlaneMeshSettings,
  meshNotConfigured,
  meshToJoin,
  whatIsMissing,
} from '../../foundation/mesh-settings.js';
import { passed, skipped } from './mesh-check.js';

const CODE = 'AGENTS_JOINED';
const MOST_NAMED = 10;

export interface AgentInMesh {
  readonly agentId: AgentId;
  /** The last known state; null: none was ever reported. */
  readonly mesh: MeshStateDto | null;
}

/** Checks that every enrolled agent reports to be in this mesh without a fault. An agent without contact is unknown. */
export function agentsJoined(agents: readonly AgentInMesh[], settings: ControlPlaneMeshSettings): MeshCheckDto {
  const { transport } = settings;
  if (agents.length === 0) return skipped(CODE, 'no agent is enrolled');
  const out = agents.flatMap(({ agentId, mesh }) => {
    if (mesh === null || mesh.state === 'unknown') return [];
    // An agent that has joined may have lost the control server since.
    if (mesh.state === 'failed' || mesh.code !== null) {
      const text = `${mesh.state} ${mesh.code ?? ''} (${mesh.message ?? 'no reason given'})`;
      return [{ agentId, cause: mesh.code, text }];
    }
    if (transport === null || mesh.transport === transport) return [];
    return [{ agentId, cause: 'MESH_TRANSPORT_DIFFERS', text: `is in a mesh by ${mesh.transport}, not ${transport}` }];
  });
  const [first] = out;
  if (first !== undefined) {
    const remedy = remedyOf(first, settings);
    const evidence = named(out.map(({ agentId, text }) => `${agentId} ${text}`));
    return { code: CODE, status: 'fail', cause: first.cause, evidence, remedy };
  }
  const unknown = agents.flatMap(({ agentId, mesh }) => {
    if (mesh === null || mesh.state === 'unknown') return [`${agentId} has not been heard from`];
    return mesh.state === 'joined' ? [] : [`${agentId} is still joining`];
  });
  if (unknown.length > 0) {
    return { code: CODE, status: 'unknown', cause: null, evidence: named(unknown), remedy: 'gstacks agent list' };
  }
  return passed(CODE, agents.length === 1 ? 'the one agent has joined' : `all ${agents.length} agents have joined`);
}

interface Out {
  readonly agentId: AgentId;
  readonly cause: string | null;
}

/** The general remedy for a code guesses what is not set; here the control plane's settings are known. */
function remedyOf({ agentId, cause }: Out, settings: ControlPlaneMeshSettings): string | null {
  const { transport, keySource } = settings;
  switch (cause) {
    case 'MESH_TRANSPORT_DIFFERS':
    case 'MESH_NOT_CONFIGURED':
      if (transport === 'direct')
        return `set GLOBALSTACKS_MESH_TRANSPORT=direct at the agent ${agentId} and restart it`;
      if (cause === 'MESH_TRANSPORT_DIFFERS') {
        return `unset GLOBALSTACKS_MESH_TRANSPORT at the agent ${agentId} and restart it`;
      }
      if (meshToJoin(settings).meshControlUrl === null) return meshNotConfigured(settings).remedy;
      return (
        `check that the agent ${agentId} reaches GLOBALSTACKS_CONTROL_PLANE_URL: the control plane tells it which ` +
        'mesh to join'
      );
    case 'MESH_KEY_SOURCE_MISSING':
      return whatIsMissing(settings)?.remedy ?? `wait: the agent ${agentId} requests another key automatically`;
    case 'MESH_KEY_INVALID':
    case 'MESH_KEY_EXPIRED':
    case 'MESH_KEY_USED':
      // The other remedies for this code advise minted keys.
      if (keySource.kind === 'minted') {
        return (
          `unset GLOBALSTACKS_MESH_AUTH_KEY at the agent ${agentId}, if it is set there; otherwise wait: it requests ` +
          'another key automatically'
        );
      }
      return meshRemedy(cause);
    default:
      return meshRemedy(cause);
  }
}

function named(texts: readonly string[]): string {
  const more = texts.length - MOST_NAMED;
  return [...texts.slice(0, MOST_NAMED), ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
