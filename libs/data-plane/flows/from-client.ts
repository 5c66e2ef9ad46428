import type { Socket } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { DestinationName } from '#libs/contracts/outside-names.js';
import { type FlowRequest, PeerUnreachableError } from '#libs/mesh/flow.js';
import { evaluateOutside } from '#libs/policy/evaluate-outside.js';
import type { FlowSource } from '#libs/policy/model.js';
import type { OutsideRoute, Route } from '../data-plane.js';
import { takeOver } from './bulk-socket.js';
import { TargetUnreachableError } from './dial.js';
import type { Flow } from './flow.js';
import type { FlowCode } from './flow-code.js';
import type { FlowContext } from './flow-context.js';
import { type FlowEnd, MeshEnd, SocketEnd } from './flow-end.js';
import { carrierOf, type FlowTarget } from './judge.js';
import { reachTarget } from './reach-target.js';

/** What a client's connection leads to. */
type ClientRoute = Pick<Route, 'networkId' | 'port'> & { readonly alias: DestinationName };

/** A client of the proxy: its bytes wait in the kernel until both ends have allowed the flow. */
export function acceptClient(context: FlowContext, socket: Socket, route: ClientRoute): void {
  const { flow, source } = flowOf(context, socket, route);
  if (source === null) flow.finish('refused', 'NOT_ATTACHED');
  else if (context.isOverLimit(flow)) flow.finish('refused', 'FLOW_LIMIT');
  else void openFromClient(context, flow, source, socket);
}

/**
 * Whether the client reset the connection before it was accepted: it has no address any more, so nobody can say whose
 * it was, and there is nobody to answer. Thousands of these a second must cost next to nothing.
 */
export function isResetAlready(socket: Socket): boolean {
  return socket.remoteAddress === undefined;
}

/** Closes such a connection, and records it without making a flow of it. */
export function closeResetClient(context: FlowContext, socket: Socket, { networkId, alias, port }: Route): void {
  socket.destroy();
  const flowId = context.settings.newFlowId();
  context.recordWithoutFlow({ flowId, networkId, alias, port, source: null }, 'SOURCE_RESET');
}

/**
 * A client at the address of a name outside. The flow belongs to the first of the source's networks, in order of their
 * names, that allows it; when none does, to the first of them.
 */
export function acceptOutside(context: FlowContext, socket: Socket, route: OutsideRoute): void {
  const networkId = networkFor(context, socket, route);
  // Nobody's: there is no network whose record it could be in.
  if (networkId === null) socket.resetAndDestroy();
  else acceptClient(context, socket, { ...route, networkId, alias: route.name });
}

function networkFor(context: FlowContext, socket: Socket, { name, port }: OutsideRoute): NetworkId | null {
  const source = sourceOf(context, socket);
  if (source?.kind !== 'sandbox') return null;
  const { sandboxId } = source;
  const attached = [...context.views.values()].filter(({ sandboxes }) => sandboxes.has(sandboxId));
  const byName = attached.sort((first, second) => (first.name < second.name ? -1 : 1));
  const allowing = byName.find(
    (view) => evaluateOutside(view, { sandboxId, name, port }, context.nowMs()).effect === 'allow',
  );
  return (allowing ?? byName[0])?.networkId ?? null;
}

/** A client that there is no room for. */
export function refuseClient(context: FlowContext, socket: Socket, route: Route, code: FlowCode): void {
  flowOf(context, socket, route).flow.finish('refused', code);
}

function flowOf(context: FlowContext, socket: Socket, { networkId, alias, port }: ClientRoute) {
  const source = sourceOf(context, socket);
  const flow = context.register({ flowId: context.settings.newFlowId(), networkId, alias, port, source, peer: null });
  flow.hold(socket);
  return { flow, source };
}

/** Who the client is; null: nobody whom this host vouches for. */
export function sourceOf(context: FlowContext, socket: Socket): FlowSource | null {
  if (context.settings.localSource !== null) return context.settings.localSource;
  const sandboxId = context.settings.sandboxes.sourceOf(plain(socket.remoteAddress), plain(socket.localAddress));
  return sandboxId === null ? null : { kind: 'sandbox', sandboxId };
}

/** Evaluate, dial, evaluate again, pass bytes. */
async function openFromClient(context: FlowContext, flow: Flow, source: FlowSource, socket: Socket): Promise<void> {
  try {
    const target = await reachTarget(context, flow, (to, version) => dialFor(context, flow, source, to, version));
    if (target.kind === 'mesh') await context.catchUp(flow, target.stream.targetVersion);
    if (flow.isDone()) return;
    context.requireAllowed(flow);
    flow.open(clientEnd(flow, socket), target);
  } catch (error) {
    flow.finish('refused', codeOf(error));
  }
}

/** The client as an end that the flow owns and reads. */
function clientEnd(flow: Flow, socket: Socket): SocketEnd {
  flow.release();
  const client = new SocketEnd((reads) => takeOver(socket, reads));
  flow.own(client, 'SOURCE_RESET');
  return client;
}

/** The target as an end that the flow owns. Errors: TargetUnreachableError, and those of MeshMember.open. */
async function dialFor(
  context: FlowContext,
  flow: Flow,
  source: FlowSource,
  target: FlowTarget,
  version: number,
): Promise<FlowEnd> {
  const { agentId } = context.settings;
  const mesh = context.settings.mesh();
  const peer = carrierOf(target);
  if (target.kind === 'outside' && peer === null) return context.dialOutside(flow, target);
  if (target.kind === 'sandbox' && peer === agentId) {
    flow.roles = ['source', 'target'];
    return context.dialSandbox(flow, target);
  }
  flow.roles = ['source'];
  if (mesh === null || peer === null) {
    throw new TargetUnreachableError('MESH_NOT_CONFIGURED', 'this host is in no mesh');
  }
  const { flowId, networkId, alias, port } = flow.facts;
  const request: FlowRequest = { flowId, networkId, alias, port, source, version };
  const end = new MeshEnd(await mesh.open(peer, request, flow.signal).catch((error) => throwAs(target, error)));
  flow.own(end, 'PEER_RESET');
  return end;
}

/** Of an exit that is away the flow log and the status tell so: the rule names it, and no other takes its place. */
function throwAs(target: FlowTarget, error: unknown): never {
  if (target.kind === 'sandbox' || !(error instanceof PeerUnreachableError)) throw error;
  throw new TargetUnreachableError('EXIT_UNREACHABLE', `exit ${target.via}: ${error.message}`, error.remedy);
}

function codeOf(error: unknown): string {
  return error instanceof CodedError ? error.code : 'PEER_UNREACHABLE';
}

/** A socket that listens on IPv6 names IPv4 addresses in mapped form, RFC 4291 section 2.5.5.2. */
function plain(address: string | undefined): string {
  return address?.startsWith('::ffff:') ? address.slice('::ffff:'.length) : (address ?? '');
}
