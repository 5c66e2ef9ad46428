import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import {
  type LocalNodeReply,
  type LocalNodeRequest,
  type LocalNodeState,
  MAX_LINE_BYTES,
  parseLocalNodeReply,
  parseLocalNodeState,
} from '#libs/contracts/local-node-requests.js';
import { stateFileOf } from '#libs/program/local-node-folder.js';
import { isStopped } from '#libs/program/process-record.js';
import { MeshError } from './mesh-error.js';
import { logFileOf, nodePid, socketOf } from './node-folder.js';

const ANSWER_WITHIN_MS = 30_000;
/** A working node sends a sign of life more often: SIGN_OF_LIFE_EVERY_MS. */
const SILENT_AFTER_MS = 2_000;
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR']);

/** Code of a node that accepts the connection but does not answer. */
export const NODE_SILENT = 'NODE_SILENT';
/** Code of a node that ended during the request. */
export const NODE_ENDED = 'NODE_ENDED';

export interface Answered {
  readonly changed: boolean;
  readonly state: LocalNodeState;
}

/** Asks the background node; null: there is none. Error: MeshError, also for the node's own refusals. */
export async function askNode(folder: string, request: LocalNodeRequest): Promise<Answered | null> {
  const line = await exchange(folder, `${JSON.stringify(request)}\n`);
  if (line === null) return null;
  const reply = parseReply(line, folder);
  if (reply.ok) return reply;
  throw new MeshError(reply.code, reply.message, reply.remedy);
}

/** The last recorded state of a node that has ended; null: there is none, or it cannot be read. */
export function lastState(folder: string): LocalNodeState | null {
  try {
    return parseLocalNodeState(JSON.parse(readFileSync(stateFileOf(folder), 'utf8')));
  } catch {
    return null;
  }
}

function parseReply(text: string, folder: string): LocalNodeReply {
  try {
    return parseLocalNodeReply(JSON.parse(text));
  } catch {
    throw unreadable(folder, 'gave an invalid answer');
  }
}

/** null: nobody listens. Error: MeshError. */
function exchange(folder: string, line: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(socketOf(folder), () => socket.write(line));
    const fail = (error: MeshError): void => {
      clearTimeout(deadline);
      socket.destroy();
      reject(error);
    };
    const deadline = setTimeout(() => fail(silent(folder, ANSWER_WITHIN_MS)), ANSWER_WITHIN_MS);
    socket.setEncoding('utf8');
    socket.setTimeout(SILENT_AFTER_MS, () => fail(silent(folder, SILENT_AFTER_MS)));
    socket.on('data', (text: string) => {
      received += text;
      if (received.length > MAX_LINE_BYTES) fail(unreadable(folder, 'gave an answer that is too long'));
    });
    socket.on('end', () => {
      clearTimeout(deadline);
      if (received.trim() === '') fail(ended('the background node ended without an answer'));
      else resolve(received);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      if (NOBODY_LISTENS.has(error.code ?? '')) resolve(null);
      else fail(ended(`the background node cannot be asked: ${error.message}`));
    });
  });
}

/** It accepts the connection, but sends neither an answer nor a sign of life. */
function silent(folder: string, waitedMs: number): MeshError {
  const pid = nodePid(folder);
  const node = pid === null ? 'the background node' : `the background node (pid ${pid})`;
  const why = pid !== null && isStopped(pid) ? ': a signal has stopped it' : '';
  const network = lastState(folder)?.networks.find(({ state }) => state !== 'ended')?.network ?? '<network>';
  return new MeshError(
    NODE_SILENT,
    `${node} did not answer in ${waitedMs / 1_000} s${why}`,
    `gstacks mesh leave ${network}, which resumes it or ends it`,
  );
}

function ended(message: string): MeshError {
  return new MeshError(NODE_ENDED, message, 'gstacks mesh status');
}

function unreadable(folder: string, what: string): MeshError {
  return new MeshError(
    'NODE_ANSWER_INVALID',
    `the background node ${what}`,
    `end it with gstacks mesh leave <network>, or read ${logFileOf(folder)}`,
  );
}
