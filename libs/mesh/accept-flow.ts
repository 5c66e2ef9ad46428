import { constants, type ServerHttp2Stream } from 'node:http2';
import { acceptHeaders, refusalHeaders } from './answer-headers.js';
import type { FlowRequest, IncomingFlow, MeshFlow, MeshIdentity } from './flow.js';
import { checkSource, FlowRequestError, parseRequestHeaders } from './flow-headers.js';
import { FlowStream } from './flow-stream.js';
import type { MeshLog } from './log.js';
import type { ServerSession } from './session-server.js';

const FORBIDDEN = 403;
const BAD_REQUEST = 400;
const UNAVAILABLE = 503;

/** Turns each stream of a proven peer into an IncomingFlow, or refuses it with the reason. */
export function acceptFlows(
  session: ServerSession,
  handler: () => ((flow: IncomingFlow) => void) | null,
  log: MeshLog,
): void {
  session.http2.on('stream', (stream, _headers, _flags, flatHeaders) => {
    stream.on('error', () => undefined); // 'close' always follows
    const handle = handler();
    if (handle === null) return answerNo(stream, UNAVAILABLE, 'MESH_NOT_READY', 'this node takes no flows yet', null);
    const request = readRequest(flatHeaders, session.peer);
    if (!(request instanceof FlowRequestError)) return handle(incomingFlow(stream, request, session));
    log({ code: request.code, peer: session.peer, message: request.message });
    const status = request.code === 'SOURCE_NOT_YOURS' ? FORBIDDEN : BAD_REQUEST;
    answerNo(stream, status, request.code, request.message, null);
  });
}

function readRequest(flatHeaders: readonly string[], peer: MeshIdentity): FlowRequest | FlowRequestError {
  try {
    const request = parseRequestHeaders(flatHeaders);
    checkSource(request.source, peer);
    return request;
  } catch (error) {
    if (error instanceof FlowRequestError) return error;
    throw error;
  }
}

function incomingFlow(stream: ServerHttp2Stream, request: FlowRequest, session: ServerSession): IncomingFlow {
  const gone = new AbortController();
  const leave = () => gone.abort(session.endReason() ?? new Error('the peer went away'));
  let answered = false;
  const answerOnce = () => {
    if (answered) throw new Error(`flow ${request.flowId} was answered twice`);
    answered = true;
    stream.off('close', leave);
  };
  stream.once('close', leave);
  if (stream.destroyed) leave();
  return {
    request,
    peer: session.peer,
    signal: gone.signal,
    accept(targetVersion): MeshFlow {
      answerOnce();
      if (canAnswer(stream)) stream.respond(acceptHeaders(targetVersion), { waitForTrailers: true });
      return new FlowStream(stream, targetVersion, session.endReason);
    },
    refuse(code, message, targetVersion) {
      answerOnce();
      answerNo(stream, FORBIDDEN, code, message, targetVersion);
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
  if (!canAnswer(stream)) return;
  stream.respond(refusalHeaders(status, code, message, targetVersion), { endStream: true });
  // What the peer still sends has no reader: the stream ends in both directions once the answer is out.
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function canAnswer(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed;
}
