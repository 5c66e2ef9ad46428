import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Bus } from '#libs/bus/bus.js';
import { CHECKS_WITHIN_MS } from '#libs/contracts/bus/checks.js';
import { agentSubject, localNodeSubject } from '#libs/contracts/bus/subjects.js';
import type { DiagnoseReply, DiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseDiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, LocalNodeId, UserName } from '#libs/contracts/ids.js';
import { BUS, LOGGER } from '../foundation/provided.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';

/** What an answer may need besides the checks: the bus, and a process that is busy. */
const ANSWER_WITHIN_MS = CHECKS_WITHIN_MS + 500;

/** Who is asked about itself. */
export type Asked =
  | { readonly kind: 'agent'; readonly agentId: AgentId }
  | { readonly kind: 'local-node'; readonly nodeId: LocalNodeId; readonly user: UserName };

/** Typed questions over the bus. Who does not answer, or answers nonsense, is silent: null, never a guess. */
@Injectable()
export class Questions {
  constructor(
    private readonly contacts: AgentContacts,
    private readonly localContacts: LocalNodeContacts,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async ask(asked: Asked, question: DiagnoseRequest): Promise<DiagnoseReply | null> {
    const { subject, protocol } = this.addressOf(asked);
    try {
      return parseDiagnoseReply(await this.bus.request(subject, { ...question, protocol }, ANSWER_WITHIN_MS));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.logger.warn({ subject, code: error.code, detail: error.message }, 'a question was not answered');
      return null;
    }
  }

  private addressOf(asked: Asked): { readonly subject: string; readonly protocol: number } {
    if (asked.kind === 'agent') {
      const { agentId } = asked;
      return { subject: agentSubject(agentId, 'diagnose'), protocol: this.contacts.protocolOf(agentId) };
    }
    const { nodeId } = asked;
    return { subject: localNodeSubject(nodeId, 'diagnose'), protocol: this.localContacts.protocolOf(nodeId) };
  }
}
