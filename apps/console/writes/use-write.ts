import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { WarningDto } from '#libs/api-client/generated/types.gen.js';
import { NoAnswerError, ProblemError } from '../api/client.js';
import { refusalAt } from './field.js';
import { keepReceipt } from './own-writes.js';

/** What the generated client takes for a write besides its body. */
export type WriteHeaders = {
  readonly 'Idempotency-Key': string;
  readonly 'If-Match'?: string;
  readonly 'Policy-Tests'?: 'override';
};

export interface NetworkWrite {
  readonly network: string;
  readonly version: number;
  readonly changed: boolean;
  readonly unchangedSince: number | null;
  readonly warnings: readonly WarningDto[];
}

export type WriteState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly tries: number }
  /** `override` sends the same again although policy tests would fail; null: something else refused it. */
  | { readonly kind: 'refused'; readonly problem: ProblemError; readonly override: (() => void) | null }
  /** Nothing was written: the network has another version than the one that the user saw. */
  | { readonly kind: 'conflict'; readonly seen: number }
  /** No answer: whether it was written is unknown. Sent again, the same key gets the first answer. */
  | { readonly kind: 'lost' };

/** Pauses between attempts to get a lost answer. */
const TRY_AGAIN_AFTER_MS = [500, 1_000, 2_000, 4_000];

interface Sending<Write extends NetworkWrite> {
  /** The version that the user saw; null: the write does not depend on one. */
  readonly seen: number | null;
  readonly summary: string;
  readonly send: (headers: WriteHeaders) => Promise<Write>;
  readonly done?: (write: Write) => void;
}

/**
 * Sends a write with one Idempotency-Key until it is answered, and puts its receipt at the head of the network's pages.
 */
export function useWrite() {
  const queries = useQueryClient();
  const [state, setState] = useState<WriteState>({ kind: 'idle' });
  /**
   * One key per request: while its answer is lost, the same request is sent again, with the same version, although the
   * page may show a later one by then. Any answer, or a change of the form, ends it.
   */
  const headers = useRef<WriteHeaders | null>(null);

  async function send<Write extends NetworkWrite>(sending: Sending<Write>, overrides = false): Promise<void> {
    const sentAt = Date.now();
    const sent = headers.current ?? {
      'Idempotency-Key': newKey(),
      ...(sending.seen === null ? {} : { 'If-Match': String(sending.seen) }),
      ...(overrides ? { 'Policy-Tests': 'override' as const } : {}),
    };
    headers.current = sent;
    try {
      const write = await answered(
        () => sending.send(sent),
        (tries) => setState({ kind: 'sending', tries }),
      );
      headers.current = null;
      keepReceipt({ ...picked(write), summary: sending.summary, sentAt });
      setState({ kind: 'idle' });
      void queries.invalidateQueries({ queryKey: ['network', write.network] });
      void queries.invalidateQueries({ queryKey: ['networks'] });
      sending.done?.(write);
    } catch (error) {
      if (error instanceof NoAnswerError) {
        setState({ kind: 'lost' });
        return;
      }
      headers.current = null;
      if (!(error instanceof ProblemError)) throw error;
      if (error.code === 'VERSION_CONFLICT' && sending.seen !== null) {
        setState({ kind: 'conflict', seen: sending.seen });
        return;
      }
      const override = error.code === 'POLICY_TEST_BROKEN' ? () => void send(sending, true) : null;
      setState({ kind: 'refused', problem: error, override });
    }
  }

  const reset = (): void => {
    headers.current = null;
    setState({ kind: 'idle' });
  };
  return {
    state,
    send: <Write extends NetworkWrite>(sending: Sending<Write>): Promise<void> => send(sending),
    reset,
    /** For a text field: a change removes the refusal of the former text. */
    changed: (set: (value: string) => void) => (value: string) => {
      set(value);
      reset();
    },
    /** The control plane's refusal of this field; null: none. */
    refusalOf: (field: string): ProblemError | null =>
      state.kind === 'refused' ? refusalAt(state.problem, field) : null,
  };
}

function picked({ network, version, changed, unchangedSince, warnings }: NetworkWrite): NetworkWrite {
  return { network, version, changed, unchangedSince, warnings };
}

async function answered<Answer>(ask: () => Promise<Answer>, trying: (tries: number) => void): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    trying(tries);
    try {
      return await ask();
    } catch (error) {
      const waitMs = TRY_AGAIN_AFTER_MS[tries];
      if (!(error instanceof NoAnswerError) || waitMs === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** From the browser's random generator; `crypto.randomUUID` does not exist without a secure context. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
