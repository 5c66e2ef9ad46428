import { Injectable } from '@nestjs/common';
import { fingerprint } from '#libs/audit/key-succession.js';
import type { KeyHolderDto } from '#libs/contracts/http/store-keys.js';
import type { StoreKey, TrustedKeys } from '#libs/contracts/store-keys.js';
import type { StoreKeyState } from '#libs/domain/store-key/state.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';

/** Which members have confirmed, in their heartbeats, what the next step of a key's rotation needs. */
@Injectable()
export class KeyHolders {
  constructor(
    private readonly directory: Directory,
    private readonly agents: AgentContacts,
    private readonly localNodes: LocalNodeContacts,
  ) {}

  /** Empty while the key is settled. */
  of(state: StoreKeyState | null): readonly KeyHolderDto[] {
    if (state === null || state.stage === 'settled') return [];
    const holder = (
      member: Pick<KeyHolderDto, 'id' | 'kind' | 'status'>,
      contact: { readonly lastContactAt: Date; readonly keys?: TrustedKeys | null } | null,
    ): KeyHolderDto => {
      const keys = contact?.keys ?? null;
      const confirmed = keys !== null && hasConfirmed(state.key, state, keys);
      const lastContactAt = contact?.lastContactAt.toISOString() ?? null;
      return { ...member, lastContactAt, confirmed, reason: confirmed ? null : reasonOf(member.status, keys) };
    };
    const agents = this.directory
      .agents()
      .flatMap(({ state: { agentId, status } }) =>
        status === 'revoked'
          ? []
          : [holder({ id: agentId, kind: 'agent', status: this.agents.statusOf(agentId) }, this.agents.of(agentId))],
      );
    const machines = this.directory.localNodes().flatMap(({ state: node }) => {
      const status = this.localNodes.statusOf(node);
      if (status !== 'ONLINE') return [];
      return [holder({ id: node.nodeId, kind: 'local-node', status }, this.localNodes.of(node.nodeId))];
    });
    return [...agents, ...machines];
  }
}

/**
 * Before a key is used, members trust it. Before the former mesh authority is gone, they have certificates of the new
 * one.
 */
function hasConfirmed(key: StoreKey, { stage, inUse, next }: StoreKeyState, keys: TrustedKeys): boolean {
  if (stage === 'offered') return next !== null && keys[key].includes(fingerprint(next));
  return key === 'mesh' ? keys.issuer === fingerprint(inUse) : keys.signing.includes(fingerprint(inUse));
}

function reasonOf(status: KeyHolderDto['status'], keys: TrustedKeys | null): string {
  if (status === 'OFFLINE') return 'it is not in contact';
  if (status === 'UNKNOWN') return 'it has not been in contact since the control plane started';
  return keys === null
    ? 'it runs a release that does not report which keys it trusts: upgrade it'
    : 'it renews its credentials at its next heartbeat';
}
