import { setDeadline } from '#libs/async/deadline.js';
import type { Endpoint } from './endpoint.js';
import { askOverTcp, askOverUdp, ExchangeError, type Recognise, ResolverUnreachableError } from './exchange.js';
import type { DnsLimits } from './limits.js';
import type { Query } from './query.js';
import { ResolverHealth } from './resolver-health.js';
import { answersQuestion, isConclusive, isTruncated, probeQuestion, upstreamQuestion } from './upstream-message.js';

export interface ResolverParts {
  readonly endpoint: Endpoint;
  /** A random, unpredictable id from 0 to 65535. */
  readonly randomId: () => number;
  readonly limits: Pick<DnsLimits, 'upstreamDoubtMs' | 'upstreamProbeMs' | 'upstreamProbeEveryMs'>;
  /** Called when it stops answering, and when it answers again. */
  readonly changed: (isSilent: boolean) => void;
}

/** One upstream resolver and its health. */
export interface Resolver {
  /** It does not answer, and is probed until it does. */
  isSilent(): boolean;
  /**
   * Its answer as it came; truncated if the whole could not be had. null: no answer in time, or the resolver was found
   * silent meanwhile. Never rejects.
   */
  ask(packet: Buffer, query: Query, withinMs: number): Promise<Buffer | null>;
  close(): void;
}

export function createResolver({ endpoint, randomId, limits, changed }: ResolverParts): Resolver {
  const asking = new Set<AbortController>();
  const health = new ResolverHealth({
    probe,
    doubtAfterMs: limits.upstreamDoubtMs,
    probeEveryMs: limits.upstreamProbeEveryMs,
    changed: (isSilent) => {
      if (isSilent) abandon();
      changed(isSilent);
    },
  });

  function abandon(): void {
    for (const question of asking) question.abort();
  }

  /** Sent twice, since one packet may be lost. */
  async function probe(signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; attempt < 2 && !signal.aborted; attempt += 1) {
      const question = probeQuestion(randomId());
      const recognise = (message: Buffer): boolean => answersQuestion(message, question, question.length);
      const ending = new AbortController();
      const release = abortAfter(ending, limits.upstreamProbeMs / 2, signal);
      try {
        await askOverUdp(endpoint, question, recognise, ending.signal);
        return true;
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
        if (error instanceof ResolverUnreachableError) return false;
      } finally {
        release();
      }
    }
    return false;
  }

  async function exchange(question: Buffer, recognise: Recognise, signal: AbortSignal): Promise<Buffer> {
    const short = await askOverUdp(endpoint, question, recognise, signal);
    health.heard();
    if (!isTruncated(short)) return short;
    try {
      const whole = await askOverTcp(endpoint, question, recognise, signal);
      return isConclusive(whole) ? whole : short;
    } catch (error) {
      if (error instanceof ExchangeError) return short;
      throw error;
    }
  }

  return {
    isSilent: () => health.isSilent,
    async ask(packet, query, withinMs) {
      const question = upstreamQuestion(packet, query, randomId());
      const recognise = (message: Buffer): boolean => answersQuestion(message, question, query.questionEnd);
      const ending = new AbortController();
      const release = abortAfter(ending, withinMs);
      asking.add(ending);
      health.asked();
      try {
        return await exchange(question, recognise, ending.signal);
      } catch (error) {
        if (error instanceof ResolverUnreachableError) health.unreachable();
        if (error instanceof ExchangeError) return null;
        throw error;
      } finally {
        health.settled();
        asking.delete(ending);
        release();
      }
    },
    close() {
      health.close();
      abandon();
    },
  };
}

/** Aborts after this many milliseconds, or with the other signal. */
function abortAfter(ending: AbortController, milliseconds: number, other?: AbortSignal): () => void {
  const abort = (): void => ending.abort();
  const cancel = setDeadline(milliseconds, abort);
  other?.addEventListener('abort', abort);
  return () => {
    cancel();
    other?.removeEventListener('abort', abort);
  };
}
