import { randomUUID } from 'node:crypto';
import * as Flags from '@oclif/core/flags';
import type { AppliedDto } from '#libs/api-client/generated/index.js';
import { parseCommandId } from '#libs/contracts/ids.js';
import { secondsToWait } from '#libs/contracts/network-settings.js';
import { MAX_WAIT_SECONDS, wholeNumber } from '#libs/contracts/values.js';
import type { Connection } from './api/connect.js';
import { type ConnectionFlags, GstacksCommand } from './command.js';
import { InterruptedError, WrittenNotProvenError } from './errors/errors.js';
import { EXIT } from './errors/exit-codes.js';
import { claimOf, proofOf, proofOfUnchanged } from './wait.js';

/** What every write on a network answers. */
export interface NetworkWrite<Result = unknown> {
  readonly network: string;
  readonly version: number;
  readonly changed: boolean;
  /** Since which version it has been so, when nothing was written. */
  readonly unchangedSince: number | null;
  readonly result: Result;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

export interface WriteFlags extends ConnectionFlags {
  readonly wait?: string | undefined;
  readonly 'if-match'?: string | undefined;
  readonly 'idempotency-key'?: string | undefined;
  readonly override?: boolean;
}

export type WriteHeaders = {
  readonly 'Idempotency-Key': string;
  readonly 'If-Match'?: string;
  readonly 'Policy-Tests'?: 'override';
};

export const idempotencyKeyFlag = Flags.string({
  description: 'name of this write: repeated, it is carried out once',
  helpGroup: 'WRITE',
  helpValue: '<key>',
});

export const overrideFlag = Flags.boolean({
  description: 'write also what breaks policy tests of the network (admin)',
  helpGroup: 'WRITE',
});

/** The header of a write, or of its preview, that overrides policy tests. */
export function testsHeader({ override }: Pick<WriteFlags, 'override'>): Pick<WriteHeaders, 'Policy-Tests'> {
  return override ? { 'Policy-Tests': 'override' } : {};
}

/** Headers of a write; a key is made when none is given. Throws InvalidInputError. */
export function writeHeaders(flags: Pick<WriteFlags, 'if-match' | 'idempotency-key' | 'override'>): WriteHeaders {
  const key = parseCommandId(flags['idempotency-key'] ?? randomUUID(), '--idempotency-key');
  const expected = flags['if-match'];
  return {
    'Idempotency-Key': key,
    ...testsHeader(flags),
    ...(expected === undefined
      ? {}
      : { 'If-Match': String(wholeNumber(0, Number.MAX_SAFE_INTEGER)(expected, '--if-match')) }),
  };
}

/** Says of a rule whether it was added, and what it is. */
export function addedLine(id: string, text: string, added: boolean, version: number): string {
  return `${id} ${added ? 'added' : 'is there already'}: ${text} (version ${version})`;
}

/** A command that changes a network, and can wait until the agents have said that they follow. */
export abstract class WriteCommand extends GstacksCommand {
  static override baseFlags = {
    ...GstacksCommand.baseFlags,
    wait: Flags.string({
      description: 'wait until every agent has applied it: 10 seconds, or --wait=<seconds>',
      helpGroup: 'WRITE',
      helpValue: '<seconds>',
    }),
    'if-match': Flags.string({
      description: 'write only if the network is at this version',
      helpGroup: 'WRITE',
      helpValue: '<version>',
    }),
    'idempotency-key': idempotencyKeyFlag,
    override: overrideFlag,
  };

  /**
   * Sends one write, shows it, and waits when asked to. Answers the document of `--json`. Everything in `flags` is
   * checked before the first request.
   */
  protected async write<Result>(
    flags: WriteFlags,
    send: (connection: Connection, headers: WriteHeaders) => Promise<NetworkWrite<Result>>,
    show: (write: NetworkWrite<Result>) => void,
  ): Promise<NetworkWrite<Result> & { readonly applied?: AppliedDto }> {
    const headers = writeHeaders(flags);
    const waitSeconds = flags.wait === undefined ? null : secondsToWait(1, MAX_WAIT_SECONDS)(flags.wait, '--wait');
    const connection = await this.connect(flags);
    const write = await send(connection, headers);
    show(write);
    for (const { code, message } of write.warnings) this.screen.line(`warning: ${message} (${code})`);
    const claim = claimOf(write);
    if (waitSeconds === null) {
      if (claim !== null) this.screen.line(claim);
      return write;
    }
    const applied = await this.waitForAgents(connection, write, waitSeconds);
    const proof = claim === null ? proofOf(applied) : proofOfUnchanged(claim, applied);
    for (const line of proof.lines) this.screen.line(line, proof.exitCode === EXIT.ok ? 'good' : 'bad');
    if (proof.exitCode !== EXIT.ok) this.screen.line(`next: gstacks network status ${write.network}`);
    process.exitCode = proof.exitCode;
    return { ...write, applied };
  }

  private async waitForAgents(connection: Connection, write: NetworkWrite, waitSeconds: number): Promise<AppliedDto> {
    try {
      const ask = write.changed ? connection.applied : connection.held;
      return await ask(write.network, write.version, waitSeconds);
    } catch (error) {
      const isInterrupted = error instanceof InterruptedError;
      throw new WrittenNotProvenError(
        { network: write.network, version: write.version, changed: write.changed },
        isInterrupted ? EXIT.interrupted : EXIT.unknown,
        isInterrupted ? 'INTERRUPTED' : 'NOT_PROVEN',
        error instanceof Error ? error.message : String(error),
      );
    }
  }
}
