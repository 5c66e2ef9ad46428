import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { setDeadline } from '#libs/async/deadline.js';
import { readAnswer, readProbeAnswer } from './answer-headers.js';
import { type FlowRequest, type MeshFlow, PeerUnreachableError } from './flow.js';
import { type Asked, requestHeaders } from './flow-headers.js';
import { FlowStream } from './flow-stream.js';
import type { Lease } from './peer-link.js';

/** The session took no more flows. The peer has not seen this one, so it may be asked for in another session. */
export class SessionSpentError extends Error {}

/**
 * Asks the peer for a flow and waits at most answerMs for its answer. Releases the lease when the flow is over. Errors:
 * FlowRefusedError, PeerUnreachableError, SessionSpentError, and the signal's reason.
 */
export function openFlow(lease: Lease, request: FlowRequest, answerMs: number, signal: AbortSignal): Promise<MeshFlow> {
  return ask(lease, 'flow', request, answerMs, signal, (stream, headers) => {
    return new FlowStream(stream, readAnswer(headers), lease.session);
  });
}

/**
 * As openFlow, but only asks whether the flow would be accepted, and resolves with the peer's version. Also throws
 * ProbeNotKnownError.
 */
export function probeFlow(lease: Lease, request: FlowRequest, answerMs: number, signal: AbortSignal): Promise<number> {
  return ask(lease, 'probe', request, answerMs, signal, (stream, headers) => {
    const version = readProbeAnswer(headers);
    stream.close(constants.NGHTTP2_NO_ERROR);
    return version;
  });
}

function ask<T>(
  lease: Lease,
  asked: Asked,
  request: FlowRequest,
  answerMs: number,
  signal: AbortSignal,
  read: (stream: ClientHttp2Stream, headers: IncomingHttpHeaders) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let stream: ClientHttp2Stream;
    try {
      signal.throwIfAborted();
      stream = lease.session.http2.request(requestHeaders(request, asked), { endStream: false, waitForTrailers: true });
    } catch (error) {
      lease.release();
      return reject(signal.aborted ? signal.reason : new SessionSpentError(String(error)));
    }
    const fail = (error: unknown) => {
      settled();
      giveUp(stream, lease, answerMs);
      reject(error);
    };
    const aborted = () => fail(signal.reason);
    const cancelDeadline = setDeadline(answerMs, () => fail(lost(`no answer within ${answerMs} ms`)));
    const settled = () => {
      cancelDeadline();
      signal.removeEventListener('abort', aborted);
      stream.off('response', answered);
      stream.off('close', closed);
    };
    const answered = (headers: IncomingHttpHeaders) => {
      try {
        const answer = read(stream, headers);
        settled();
        resolve(answer);
      } catch (error) {
        settled();
        cancel(stream);
        reject(error);
      }
    };
    const closed = () => {
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return fail(new SessionSpentError('stream refused'));
      fail(lost(lease.session.endReason()?.message ?? 'it ended the connection without an answer'));
    };
    signal.addEventListener('abort', aborted, { once: true });
    stream.on('error', () => undefined); // 'close' always follows
    stream.once('response', answered);
    stream.once('close', closed);
    stream.once('close', () => lease.release());
  });
}

/** Resets the stream at once; if the peer has seen too many given up before an answer, only when its answer comes. */
function giveUp(stream: ClientHttp2Stream, lease: Lease, answerMs: number): void {
  if (stream.closed || stream.destroyed) return;
  if (lease.mayGiveUp()) {
    cancel(stream);
    return;
  }
  const timer = setTimeout(cancel, answerMs, stream);
  stream.once('response', () => cancel(stream));
  stream.once('close', () => clearTimeout(timer));
}

function cancel(stream: ClientHttp2Stream): void {
  stream.close(constants.NGHTTP2_CANCEL);
}

function lost(reason: string): PeerUnreachableError {
  return new PeerUnreachableError(
    'PEER_LOST',
    `the peer did not answer: ${reason}`,
    'try again; if this lasts, check that the peer’s agent runs',
  );
}
