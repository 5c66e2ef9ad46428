import { generateKeyPairSync, sign } from 'node:crypto';
import type { ChainedEvent } from '#libs/audit/chain-walk.js';
import { eventLine, headLine } from '#libs/audit/export-lines.js';
import { eventHash, GENESIS_HASH } from '#libs/audit/hash-chain.js';
import { headStatement, type SignedHead } from '#libs/audit/signed-head.js';

/** The events with their chain recomputed, as an attacker who can write them might do. */
export function rechained(events: readonly ChainedEvent[]): readonly ChainedEvent[] {
  let previousHash = events[0]?.previousHash ?? GENESIS_HASH;
  return events.map((event) => {
    const chained = { ...event, previousHash, hash: eventHash(previousHash, event) };
    previousHash = chained.hash;
    return chained;
  });
}

/** A short log, with some text that JSON escapes and some that it does not. */
export function chainedEvents(count: number): readonly ChainedEvent[] {
  return rechained(
    Array.from({ length: count }, (_, index) => ({
      position: index + 1,
      streamId: 'network-1',
      streamVersion: index + 1,
      type: 'Wrote',
      schemaVersion: 1,
      dataText: JSON.stringify({
        n: index,
        9: 1.5e21,
        text: 'tab\t quote " \\ \u0001 é 𝄞 \u2028 \ud800',
        __proto__: null,
      }),
      metadataText: '{}',
      actor: 'user:ada',
      commandId: `c-${index}`,
      correlationId: 'c',
      causationId: index === 0 ? null : 'c-0',
      recordedAt: '2026-01-31T10:20:30.120Z',
      previousHash: GENESIS_HASH,
      hash: '',
    })),
  );
}

/** Signs heads like a control plane, with its own key. */
export function headSigner() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    publicKey,
    headOf(events: readonly ChainedEvent[]): SignedHead {
      const { position = 0, hash = GENESIS_HASH } = events.at(-1) ?? {};
      const head = { epoch: { counter: 1, id: 'e1' }, position, hash, at: '2026-01-31T10:20:31.000Z' };
      return { ...head, signature: sign(null, Buffer.from(headStatement(head)), privateKey).toString('base64') };
    },
  };
}

export function exportText(events: readonly ChainedEvent[], head: SignedHead | null): string {
  return [...events.map(eventLine), ...(head === null ? [] : [headLine(head)])].map((line) => `${line}\n`).join('');
}
