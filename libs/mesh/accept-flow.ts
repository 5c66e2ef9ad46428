import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { FairQueues } from '#libs/async/fair-queues.js';
import { acceptHeaders, confirmHeaders, refusalHeaders } from './answer-headers.js';
import type { FlowRequest, Incoming, IncomingFlow, IncomingProbe, MeshFlow, MeshIdentity } from './flow.js';
import { checkSource, FlowRequestError, parseRequestHeaders } from './flow-headers.js';
import { FlowStream } from './flow-stream.js';
import { describeIdentity } from './identity.js';
import type { MeshLog } from './log.js';
import type { ServerSession } from './session-server.js';
import type { StreamBudgets } from './stream-budgets.js';

const FORBIDDEN = 403;
const BAD_REQUEST = 400;
const UNAVAILABLE = 503;

/** Handles the flows and probes that peers ask for; null: no handler is set yet. */
export interface Takers {
  readonly takeFlow: ((flow: IncomingFlow) => void) | null;
  readonly takeProbe: ((probe: IncomingProbe) => void) | null;
}

export interface Acceptance {
  readonly takers: () => Takers;
  readonly budgets: StreamBudgets;
  /** Peers are served in turn. */
  readonly turns: FairQueues;
  /** Called when the session's peer opens more streams than it may. */
  readonly overBudget: () => void;
  readonly log: MeshLog;
}

/**
 * Turns each stream of an authenticated peer into an IncomingFlow or IncomingProbe, or refuses it with the reason. The
 * stream is first counted against the peer's budget, before its headers are read, and then waits for the peer's turn.
 */
export function acceptFlows(session: ServerSession, { takers, budgets, turns, overBudget, log }: Acceptance): void {
  const { peer } = session;
  const name = describeIdentity(peer);
  const turn = {
    ...{ subject: name, sender: name, atOnce: Number.POSITIVE_INFINITY },
    isHeldBack: () => budgets.isWasteful(peer),
  };

  function answerRequest(asked: AskedStream, flatHeaders: readonly string[]): void {
    const read = readRequest(flatHeaders, peer);
    if (!(read instanceof FlowRequestError)) {
      take(takers(), asked, read, session);
      return;
    }
    asked.isWasted = true;
    log({ code: read.code, peer, message: read.message });
    const status = read.code === 'SOURCE_NOT_YOURS' ? FORBIDDEN : BAD_REQUEST;
    answerNo(asked.stream, status, read.code, read.message, null);
  }

  session.http2.on('stream', (stream, _headers, _flags, flatHeaders) => {
    stream.on('error', () => undefined); // 'close' always follows
    const asked: AskedStream = { stream, isWasted: false };
    const closed = () => {
      const inVain = asked.isWasted || !stream.headersSent;
      if (!budgets.closed(peer, inVain) && session.usable) overBudget();
    };
    const admittance = budgets.opened(peer);
    // The peer has given up already: there is nobody to answer.
    if (stream.destroyed || stream.closed) return closed();
    stream.once('close', closed);
    if (!session.usable) return;
    if (admittance === 'spent') return overBudget();
    const isWaiting =
      admittance === 'admitted' &&
      turns.add(turn, async () => {
        if (session.usable && canAnswer(stream)) answerRequest(asked, flatHeaders);
      });
    if (isWaiting) return;
    answerNo(
      stream,
      UNAVAILABLE,
      'PEER_STREAM_LIMIT',
      'this peer already has the most streams open that one peer may have',
      null,
    );
  });
}

interface AskedStream {
  readonly stream: ServerHttp2Stream;
  /** The stream was refused before anything was attempted for it, or given up. */
  isWasted: boolean;
}

function take(
  { takeFlow, takeProbe }: Takers,
  asked: AskedStream,
  { asked: kind, request }: ReturnType<typeof parseRequestHeaders>,
  session: ServerSession,
): void {
  if (kind === 'probe' && takeProbe !== null) takeProbe(incomingProbe(asked, request, session));
  else if (kind === 'flow' && takeFlow !== null) takeFlow(incomingFlow(asked, request, session));
  else answerNo(asked.stream, UNAVAILABLE, 'MESH_NOT_READY', 'this node is not ready for connections yet', null);
}

function readRequest(
  flatHeaders: readonly string[],
  peer: MeshIdentity,
): ReturnType<typeof parseRequestHeaders> | FlowRequestError {
  try {
    const read = parseRequestHeaders(flatHeaders);
    checkSource(read.request.source, peer);
    return read;
  } catch (error) {
    if (error instanceof FlowRequestError) return error;
    throw error;
  }
}

function incomingFlow(asked: AskedStream, request: FlowRequest, session: ServerSession): IncomingFlow {
  const { stream } = asked;
  const { answerOnce, ...incoming } = incomingOf(asked, request, session);
  return {
    ...incoming,
    accept(targetVersion): MeshFlow {
      answerOnce();
      if (canAnswer(stream)) stream.respond(acceptHeaders(targetVersion), { waitForTrailers: true });
      return new FlowStream(stream, targetVersion, session);
    },
  };
}

function incomingProbe(asked: AskedStream, request: FlowRequest, session: ServerSession): IncomingProbe {
  const { answerOnce, ...incoming } = incomingOf(asked, request, session);
  return {
    ...incoming,
    confirm(targetVersion) {
      answerOnce();
      answer(asked.stream, confirmHeaders(targetVersion));
    },
  };
}

function incomingOf(
  asked: AskedStream,
  request: FlowRequest,
  session: ServerSession,
): Incoming & { readonly answerOnce: () => void } {
  const { stream } = asked;
  const gone = new AbortController();
  const leave = () => gone.abort(session.endReason() ?? new Error('the peer ended the connection'));
  let answered = false;
  const answerOnce = () => {
    if (answered) throw new Error(`flow ${request.flowId} was answered twice`);
    answered = true;
    stream.off('close', leave);
  };
  const refuse = (code: string, message: string, targetVersion: number | null) => {
    answerOnce();
    answerNo(stream, FORBIDDEN, code, message, targetVersion);
  };
  stream.once('close', leave);
  if (stream.destroyed) leave();
  return {
    request,
    peer: session.peer,
    signal: gone.signal,
    answerOnce,
    refuse,
    refuseUntried(code, message, targetVersion) {
      asked.isWasted = true;
      refuse(code, message, targetVersion);
    },
  };
}

function answerNo(
  stream: ServerHttp2Stream,
  status: number,
  code: string,
  message: string,
  targetVersion: number | null,
): void {
  answer(stream, refusalHeaders(status, code, message, targetVersion));
}

/** Answers without opening a flow. */
function answer(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (!canAnswer(stream)) return;
  stream.respond(headers, { endStream: true });
  // Nothing reads what the peer still sends, so the stream is closed in both directions once the answer is sent.
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function canAnswer(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed;
}
