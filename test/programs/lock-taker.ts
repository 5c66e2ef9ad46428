import { type Lock, takeLock } from '#libs/program/lock.js';

/** Takes a lock, releases it or collects garbage, as its parent asks; answers with the result of takeLock. */
let lock: Lock | null = null;

process.on(
  'message',
  (asked: { readonly kind: 'take' | 'release' | 'collect'; readonly name: string; atMs: number }) => {
    if (asked.kind === 'take') {
      // All asked processes try at the same moment, whenever each of them got its message.
      while (Date.now() < asked.atMs);
      const attempt = takeLock(asked.name);
      if (attempt.kind === 'taken') lock = attempt.lock;
      process.send?.(attempt.kind === 'taken' ? { kind: 'taken' } : attempt);
      return;
    }
    if (asked.kind === 'collect') globalThis.gc?.();
    else lock?.release();
    process.send?.({ kind: asked.kind });
  },
);
process.send?.({ kind: 'ready' });
