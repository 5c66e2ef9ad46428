import { createHash } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AgentCredentialsDto, EnrollmentTokenDto } from '#libs/contracts/http/enrollment.js';
import { enrollmentStatement, renewalStatement } from '#libs/contracts/renewal.js';
import type { AgentCommand } from '#libs/domain/agent/decide.js';
import { meshToJoin } from '../foundation/mesh-settings.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import { hashSecret } from '../foundation/secrets.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { requireSignature } from '../identity/signed-request.js';
import { requestThumbprint } from '../mesh/request-thumbprint.js';
import { AgentWrites } from './agent-writes.js';
import { Credentials } from './credentials.js';
import { EnrollmentTokens } from './enrollment-tokens.js';
import { CreateEnrollmentToken, EnrollAgent, RenewAgent } from './messages.js';

@CommandHandler(CreateEnrollmentToken)
export class CreateEnrollmentTokenHandler implements ICommandHandler<CreateEnrollmentToken> {
  constructor(
    private readonly tokens: EnrollmentTokens,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
  ) {}

  async execute({ body, write }: CreateEnrollmentToken): Promise<EnrollmentTokenDto> {
    const { token, expiresAt } = await this.tokens.create(body.name, write.actor);
    const { meshTransport } = meshToJoin(this.settings.mesh);
    return { name: body.name, token, expiresAt: expiresAt.toISOString(), meshTransport };
  }
}

@CommandHandler(EnrollAgent)
export class EnrollAgentHandler implements ICommandHandler<EnrollAgent> {
  constructor(
    private readonly tokens: EnrollmentTokens,
    private readonly agents: AgentWrites,
    private readonly credentials: Credentials,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** All checks that may refuse come before the token is spent. */
  async execute({ body, correlationId }: EnrollAgent): Promise<AgentCredentialsDto> {
    const { token, name: agentId, nkey, certificateRequest } = body;
    requireSignature(body, enrollmentStatement(body), this.clock(), { code: 'ENROLLMENT', name: 'the enrolment' });
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
    const { agentId, nkey, certificateRequest, signature } = body;
    requireSignature(body, renewalStatement(body), this.clock(), { code: 'RENEWAL', name: 'the renewal' });
    const meshKeyThumbprint = requestThumbprint(certificateRequest);
    const command: AgentCommand = { kind: 'RenewAgent', agentId, nkey, meshKeyThumbprint };
    await this.agents.check(command);
    const credentials = await this.credentials.issue(agentId, nkey, certificateRequest);
    // The same signed request again is the same command, so it writes nothing more.
    const commandId = `renew:${createHash('sha256').update(signature).digest('hex')}`;
    await this.agents.run(command, commandId, correlationId);
    return credentials;
  }
}
