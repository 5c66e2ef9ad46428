import { join } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import { type MemberCredentials, parseMemberCredentials } from '#libs/member/credentials.js';
import { moveAside, readStateFile } from '../state/state-file.js';

/** What the control plane issued to this agent, kept 0600 although it is secret only together with the keys. */
export interface AgentCredentials extends MemberCredentials {
  readonly agentId: AgentId;
  readonly storeId: string;
}

/** The state folder is another agent's. */
export class OtherAgentError extends CodedError {}

/** Beside the keys that they were issued for. */
export function credentialsFile(folder: string): string {
  return join(folder, 'credentials.json');
}

/**
 * Credentials of an earlier start; null when there are none that can be used. A damaged file is moved aside and told
 * of. Error: OtherAgentError.
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
    'give each agent a state folder of its own',
  );
}

/** An answer of the control plane, or the agent's own file; throws InvalidInputError. */
export function parseCredentials(value: unknown): AgentCredentials {
  const fields = parseObject(value, 'credentials');
  return {
    ...parseMemberCredentials(fields),
    agentId: parseAgentId(fields.agentId, 'agentId'),
    storeId: textUpTo(128)(fields.storeId, 'storeId'),
  };
}
