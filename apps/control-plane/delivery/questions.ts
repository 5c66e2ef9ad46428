import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Bus } from '#libs/bus/bus.js';
import { CHECKS_WITHIN_MS } from '#libs/contracts/bus/checks.js';
import type { DiagnoseReply, DiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseDiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import { CodedError } from '#libs/contracts/errors.js';
import { BUS, LOGGER } from '../foundation/provided.js';
import { type Receiver, subjectOf } from './receiver.js';
import { Receivers } from './receivers.js';

/** Time for an answer: the checks, plus the bus and a busy process. */
const ANSWER_WITHIN_MS = CHECKS_WITHIN_MS + 500;

/** Asks members typed questions over the bus. No answer, or an invalid one, is null. */
@Injectable()
export class Questions {
  constructor(
    private readonly receivers: Receivers,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async ask(receiver: Receiver, question: DiagnoseRequest): Promise<DiagnoseReply | null> {
    const subject = subjectOf(receiver, 'diagnose');
    const protocol = this.receivers.protocolOf(receiver);
    try {
      return parseDiagnoseReply(await this.bus.request(subject, { ...question, protocol }, ANSWER_WITHIN_MS));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.logger.warn(
        { subject, code: error.code, detail: error.message },
        'an agent or local node did not answer a diagnostic question',
      );
      return null;
    }
  }
}
