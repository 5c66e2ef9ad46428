import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Bus } from '#libs/bus/bus.js';
import type { DiagnoseReply, DiagnoseRequest } from '#libs/contracts/bus-messages.js';
import { parseDiagnoseReply } from '#libs/contracts/control-plane-messages.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { agentSubject } from '#libs/contracts/subjects.js';
import { BUS, LOGGER } from '../provided.js';

const ANSWER_WITHIN_MS = 3_000;

/** Typed questions to agents. One that does not answer, or answers nonsense, is silent: null, never a guess. */
@Injectable()
export class AgentQuestions {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async ask(agentId: AgentId, question: DiagnoseRequest): Promise<DiagnoseReply | null> {
    try {
      return parseDiagnoseReply(await this.bus.request(agentSubject(agentId, 'diagnose'), question, ANSWER_WITHIN_MS));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.logger.warn({ agentId, code: error.code, detail: error.message }, 'agent did not answer a question');
      return null;
    }
  }
}
