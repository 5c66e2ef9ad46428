import { join } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import { type MemberCredentials, parseMemberCredentials } from '#libs/member/credentials.js';
import { moveAside, readStateFile } from '../state/state-file.js';

/**
 * The credentials that the control plane issued to this agent, kept in a 0600 file, although they are of use only
 * together with the keys.
 */
export interface AgentCredentials extends MemberCredentials {
  readonly agentId: AgentId;
  readonly storeId: string;
}

/** The state folder belongs to another agent. */
export class OtherAgentError extends CodedError {}

/** In the folder of the keys that they were issued for. */
export function credentialsFile(folder: string): string {
  return join(folder, 'credentials.json');
}

/**
 * The credentials of an earlier start; null: there are no usable ones. A damaged file is moved aside and reported.
 * Error: OtherAgentError.
 */
export async function keptCredentials(
  folder: string,
  name: AgentId,
  { now, damaged }: { readonly now: () => Date; readonly damaged: (error: unknown, movedTo: string) => void },
): Promise<AgentCredentials | null> {
  const file = credentialsFile(folder);
  let credentials: AgentCredentials;
  try {
    const saved = await readStateFile(file);
    if (saved === null) return null;
    credentials = parseCredentials(saved);
  } catch (error) {
    damaged(error, await moveAside(file, now()));
    return null;
  }
  if (credentials.agentId === name) return credentials;
  throw new OtherAgentError(
    'OTHER_AGENT',
    `${file} was issued to agent ${credentials.agentId}, not ${name}`,
    'give each agent its own folder in GLOBALSTACKS_AGENT_STATE_DIR',
  );
}

/** Parses an answer of the control plane or the agent's own file; throws InvalidInputError. */
export function parseCredentials(value: unknown): AgentCredentials {
  const fields = parseObject(value, 'credentials');
  return {
    ...parseMemberCredentials(fields),
    agentId: parseAgentId(fields.agentId, 'agentId'),
    storeId: textUpTo(128)(fields.storeId, 'storeId'),
  };
}
