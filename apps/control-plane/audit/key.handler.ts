import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { parsePublicKey } from '#libs/audit/signed-head.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import type { AuditKeyDto } from '#libs/contracts/http/audit.js';
import { TOPOLOGY_SIGNER } from '../foundation/provided.js';
import { ShowAuditKey } from './queries.js';

@QueryHandler(ShowAuditKey)
export class ShowAuditKeyHandler implements IQueryHandler<ShowAuditKey> {
  constructor(@Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner) {}

  async execute(): Promise<AuditKeyDto> {
    const { publicKey, accepted } = this.signer;
    return { publicKey: pemOf(publicKey), others: accepted.filter((key) => key !== publicKey).map(pemOf) };
  }
}

function pemOf(publicKey: string): string {
  return parsePublicKey(publicKey, 'the keys folder').export({ type: 'spki', format: 'pem' }).toString();
}
