import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import {
  type LocalNodeReply,
  type LocalNodeRequest,
  type LocalNodeState,
  MAX_LINE_BYTES,
  parseLocalNodeReply,
  parseLocalNodeState,
} from '#libs/contracts/local-node-requests.js';
import { MeshError } from './mesh-error.js';
import { logFileOf, socketOf, stateFileOf } from './node-folder.js';

const ANSWER_WITHIN_MS = 30_000;
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR']);

export interface Answered {
  readonly changed: boolean;
  readonly state: LocalNodeState;
}

/** Asks the background node; null: there is none. Error: MeshError, the node's own refusals included. */
export async function askNode(folder: string, request: LocalNodeRequest): Promise<Answered | null> {
  const line = await exchange(socketOf(folder), `${JSON.stringify(request)}\n`);
  if (line === null) return null;
  const reply = parseReply(line, folder);
  if (reply.ok) return reply;
  throw new MeshError(reply.code, reply.message, reply.remedy);
}

/** What a node that is gone said last; null: there was none, or it cannot be read. */
export async function lastState(folder: string): Promise<LocalNodeState | null> {
  try {
    return parseLocalNodeState(JSON.parse(await readFile(stateFileOf(folder), 'utf8')));
  } catch {
    return null;
  }
}

function parseReply(line: string, folder: string): LocalNodeReply {
  try {
    return parseLocalNodeReply(JSON.parse(line));
  } catch {
    throw new MeshError(
      'NODE_ANSWER_INVALID',
      'the background node gave an answer that cannot be read',
      `end it with gstacks mesh leave, or look into ${logFileOf(folder)}`,
    );
  }
}

function exchange(path: string, line: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(path, () => socket.write(line));
    const fail = (message: string): void => {
      socket.destroy();
      reject(new MeshError('NODE_SILENT', message, 'gstacks mesh status'));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_WITHIN_MS, () => fail(`the background node did not answer in ${ANSWER_WITHIN_MS} ms`));
    socket.on('data', (text: string) => {
      received += text;
      if (received.length > MAX_LINE_BYTES) fail('the background node answers without end');
    });
    socket.on('end', () => {
      if (received === '') fail('the background node ended without an answer');
      else resolve(received);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY_LISTENS.has(error.code ?? '')) resolve(null);
      else fail(`the background node cannot be asked: ${error.message}`);
    });
  });
}
