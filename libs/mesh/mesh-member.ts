import { FairQueues } from '#libs/async/fair-queues.js';
import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { acceptFlows } from './accept-flow.js';
import { Admission } from './admission.js';
import { MeshCredentialsError, readCredentials } from './credentials.js';
import { dialPeer } from './dial.js';
import {
  FlowRefusedError,
  type FlowRequest,
  type IncomingFlow,
  type IncomingProbe,
  type MeshCredentials,
  type MeshIdentity,
  type MeshMember,
  PeerUnreachableError,
} from './flow.js';
import { formatIdentity } from './identity.js';
import type { MeshLog } from './log.js';
import { openFlow, probeFlow, SessionSpentError } from './open-flow.js';
import { type Lease, PeerLink } from './peer-link.js';
import { PeerProofs } from './peer-proofs.js';
import { RefusedPeers } from './refused-peers.js';
import { sessionServer } from './session-server.js';
import { DEFAULT_LIMITS, DEFAULT_TIMINGS, type MeshLimits, type MeshTimings } from './settings.js';
import { StreamBudgets } from './stream-budgets.js';
import type { Transport, TransportStatus } from './transport.js';

export interface MeshMemberSettings {
  /** The certificate in it says who this node is, and of which store. */
  readonly credentials: MeshCredentials;
  readonly transport: Transport;
  /** False for a node that only asks for flows and takes no connections. Default: true. */
  readonly listens?: boolean;
  readonly timings?: Partial<MeshTimings>;
  readonly limits?: Partial<MeshLimits>;
  /**
   * Called when the part of `status` about peers changed. The transport's own listener reports changes of the
   * transport.
   */
  readonly changed?: () => void;
  readonly log: MeshLog;
}

export interface StartedMeshMember extends MeshMember {
  readonly transport: Transport['kind'];
  /** The current `host:port`s at which peers reach this node. */
  readonly endpoints: readonly string[];
  /** The node's current state in the mesh. It starts before it has joined, and goes on when it loses the mesh. */
  status(): TransportStatus;
}

/** How many sessions are tried for a flow when one takes no more flows. */
const ATTEMPTS = 3;

/**
 * Joins the mesh over a transport, which it owns from then on: `close` closes it too. Until `onFlow` is called, flows
 * that peers ask for are refused with MESH_NOT_READY. Errors: MeshCredentialsError, and those of the transport's
 * `listen`.
 */
export async function startMeshMember(settings: MeshMemberSettings): Promise<StartedMeshMember> {
  const { transport, log } = settings;
  const timings = { ...DEFAULT_TIMINGS, ...settings.timings };
  const limits = { ...DEFAULT_LIMITS, ...settings.limits };
  const { self, ...first } = readCredentials(settings.credentials);
  let credentials = settings.credentials;
  let validUntil = first.validUntil;
  const proofs = new PeerProofs();
  let takeFlow: ((flow: IncomingFlow) => void) | null = null;
  let takeProbe: ((probe: IncomingProbe) => void) | null = null;
  let closed = false;
  const links = new Map<AgentId, PeerLink>();
  const admission = new Admission();
  const budgets = new StreamBudgets(limits);
  const turns = new FairQueues(limits.streamsFromPeer);
  const refused = new RefusedPeers({
    firstMs: limits.refusedMs,
    longestMs: limits.refusedAtMostMs,
    changed: () => settings.changed?.(),
  });

  const server = sessionServer({
    storeId: self.storeId,
    credentials,
    timings,
    limits,
    log,
    proofs,
    admits: (peer) => admission.admits(peer),
    refusalOf: (peer) => refused.refusalOf(peer),
    onSession: (session) => {
      const takers = () => ({ takeFlow, takeProbe });
      acceptFlows(session, { takers, budgets, turns, overBudget: () => refusePeer(session.peer), log });
    },
  });

  function refusePeer(peer: MeshIdentity): void {
    if (!refused.refuse(peer)) return;
    budgets.cutOff(peer);
    const message = refused.refusalOf(peer) ?? '';
    log({ code: 'PEER_STREAM_LIMIT', peer, message });
    server.endSessionsOf(peer, 'PEER_STREAM_LIMIT', message);
  }

  function addPeer(named: Peer): void {
    const { agentId } = named;
    const dial = async ({ endpoints, keyThumbprint }: Peer, signal: AbortSignal) => {
      const ownUntil = validUntil;
      const dialSettings = { transport, timings, storeId: self.storeId, credentials, proofs, keyThumbprint };
      const session = await dialPeer(agentId, endpoints, dialSettings, signal);
      return { session, provenUntil: Math.min(ownUntil, proofs.until(session.peer)) };
    };
    links.set(agentId, new PeerLink({ agentId, limits, dial, log }, named));
  }

  function removePeer(agentId: AgentId, link: PeerLink): void {
    links.delete(agentId);
    link.close('PEER_REMOVED', `agent ${agentId} is no longer a peer`);
  }

  /**
   * Runs `ask` in a session with the peer, and in another one if that takes no more flows. A request that the peer
   * refused a moment ago is not sent again.
   */
  async function inSession<T>(
    agentId: AgentId,
    request: FlowRequest,
    signal: AbortSignal,
    ask: (lease: Lease) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const link = links.get(agentId);
      if (closed || link === undefined) throw unknownPeer(agentId);
      const known = link.wasted.knownRefusal(request);
      if (known !== null) throw known;
      const lease = await unlessAborted(link.lease(), signal, (late) => late.release());
      try {
        return await ask(lease);
      } catch (error) {
        if (error instanceof FlowRefusedError) link.wasted.refused(request, error);
        if (!(error instanceof SessionSpentError)) throw error;
        if (attempt >= ATTEMPTS) {
          throw new PeerUnreachableError(
            'PEER_LOST',
            `agent ${agentId} accepts no connections: ${error.message}`,
            'try again',
          );
        }
      }
    }
  }

  if (settings.listens === false) await transport.join();
  else await transport.listen((connection) => server.accept(connection));

  return {
    transport: transport.kind,

    get endpoints() {
      return transport.status().endpoints;
    },

    status: () => refused.shownIn(transport.status()),

    onFlow(handle) {
      takeFlow = handle;
    },

    onProbe(handle) {
      takeProbe = handle;
    },

    setPeers(peers: readonly Peer[]) {
      const named = new Map(peers.map((peer) => [peer.agentId, peer]));
      for (const [agentId, link] of links) if (!named.has(agentId)) removePeer(agentId, link);
      for (const [agentId, peer] of named) {
        const link = links.get(agentId);
        if (link) link.setPeer(peer);
        else addPeer(peer);
      }
      admission.setPeers(peers);
      server.reconsider();
      transport.expect(peers.flatMap(({ endpoints }) => endpoints));
    },

    setLocalNodes(nodes) {
      admission.setLocalNodes(nodes);
      server.reconsider();
    },

    open: (agentId, request, signal) =>
      inSession(agentId, request, signal, (lease) => openFlow(lease, request, timings.answerMs, signal)),

    probe: (agentId, request, signal) =>
      inSession(agentId, request, signal, (lease) => probeFlow(lease, request, timings.answerMs, signal)),

    setCredentials(next) {
      const found = readCredentials(next);
      const name = formatIdentity(found.self);
      if (name !== formatIdentity(self)) {
        throw new MeshCredentialsError('MESH_IDENTITY_CHANGED', `these credentials are for ${name}, not for this node`);
      }
      credentials = next;
      validUntil = found.validUntil;
      server.setCredentials(next);
      for (const link of links.values()) link.retire();
    },

    async close() {
      closed = true;
      for (const link of links.values()) link.close('MESH_CLOSED', 'this node is leaving the mesh');
      server.close();
      refused.close();
      await transport.close();
    },
  };
}

function unknownPeer(agentId: AgentId): PeerUnreachableError {
  return new PeerUnreachableError(
    'PEER_UNKNOWN',
    `agent ${agentId} is not a peer of this node`,
    'check with `gstacks agent list` that it is connected',
  );
}

/**
 * Resolves with the work's result, or rejects with the signal's reason as soon as it is aborted. A result that comes
 * later is passed to `discard`.
 */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, discard: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    work.then(
      (value) => {
        signal.removeEventListener('abort', aborted);
        if (signal.aborted) discard(value);
        else resolve(value);
      },
      (error) => {
        signal.removeEventListener('abort', aborted);
        reject(error);
      },
    );
  });
}
