import { createHash } from 'node:crypto';
import { fromPublic } from '@nats-io/nkeys';
import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  type AgentCredentialsDto,
  type EnrollmentTokenDto,
  type RenewAgentDto,
} from '#libs/contracts/http/enrollment.js';
import { renewalStatement } from '#libs/contracts/renewal.js';
import type { AgentCommand } from '#libs/domain/agent/decide.js';
import { hashSecret } from '../auth/secrets.js';
import { CredentialRefusedError } from '../http/errors.js';
import { requestThumbprint } from '../mesh/request-thumbprint.js';
import { CLOCK, type Clock } from '../provided.js';
import { AgentWrites } from './agent-writes.js';
import { Credentials } from './credentials.js';
import { EnrollmentTokens } from './enrollment-tokens.js';
import { CreateEnrollmentToken, EnrollAgent, RenewAgent } from './messages.js';

const CLOCKS_APART_MS = 60_000;

@CommandHandler(CreateEnrollmentToken)
export class CreateEnrollmentTokenHandler implements ICommandHandler<CreateEnrollmentToken> {
  constructor(private readonly tokens: EnrollmentTokens) {}

  async execute({ body, write }: CreateEnrollmentToken): Promise<EnrollmentTokenDto> {
    const { token, expiresAt } = await this.tokens.create(body.name, write.actor);
    return { name: body.name, token, expiresAt: expiresAt.toISOString() };
  }
}

@CommandHandler(EnrollAgent)
export class EnrollAgentHandler implements ICommandHandler<EnrollAgent> {
  constructor(
    private readonly tokens: EnrollmentTokens,
    private readonly agents: AgentWrites,
    private readonly credentials: Credentials,
  ) {}

  /** Everything that can be refused is refused before the token is used up. */
  async execute({ body, correlationId }: EnrollAgent): Promise<AgentCredentialsDto> {
    const { token, name: agentId, nkey, certificateRequest } = body;
    const meshKeyThumbprint = requestThumbprint(certificateRequest);
    const command: AgentCommand = { kind: 'EnrollAgent', agentId, nkey, meshKeyThumbprint };
    await this.tokens.check(token, agentId, nkey);
    await this.agents.check(command);
    const credentials = await this.credentials.issue(agentId, nkey, certificateRequest);
    await this.tokens.consume(token, agentId, nkey);
    await this.agents.run(command, `enroll:${hashSecret(token)}`, correlationId);
    return credentials;
  }
}

@CommandHandler(RenewAgent)
export class RenewAgentHandler implements ICommandHandler<RenewAgent> {
  constructor(
    private readonly agents: AgentWrites,
    private readonly credentials: Credentials,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ body, correlationId }: RenewAgent): Promise<AgentCredentialsDto> {
    const { agentId, nkey, certificateRequest, timestamp, signature } = body;
    if (!isSigned(body)) {
      throw new CredentialRefusedError('RENEWAL_REFUSED', 'the renewal is not signed by the key it names');
    }
    if (Math.abs(this.clock().getTime() - Date.parse(timestamp)) > CLOCKS_APART_MS) {
      throw new CredentialRefusedError(
        'RENEWAL_OUT_OF_TIME',
        'the renewal was signed more than a minute ago, or in the future',
        'set the clock of this host',
      );
    }
    const meshKeyThumbprint = requestThumbprint(certificateRequest);
    const command: AgentCommand = { kind: 'RenewAgent', agentId, nkey, meshKeyThumbprint };
    await this.agents.check(command);
    const credentials = await this.credentials.issue(agentId, nkey, certificateRequest);
    // The same signed request again is the same command: it writes nothing more.
    const commandId = `renew:${createHash('sha256').update(signature).digest('hex')}`;
    await this.agents.run(command, commandId, correlationId);
    return credentials;
  }
}

function isSigned(body: RenewAgentDto): boolean {
  try {
    const statement = new TextEncoder().encode(renewalStatement(body));
    return fromPublic(body.nkey).verify(statement, Buffer.from(body.signature, 'base64'));
  } catch {
    return false;
  }
}
