import type { LogVerificationDto } from '#libs/api-client/generated/index.js';
import { exportRemedy } from '#libs/audit/remedies.js';
import type { VerifiedExport } from '#libs/audit/verify-export.js';
import { EXIT } from '../errors/exit-codes.js';
import type { Screen } from '../output/screen.js';
import { timeText } from '../output/time-text.js';

/** What `audit verify` found, of the control plane's log or of a file. */
export type Verification = Pick<LogVerificationDto, 'intact' | 'broken' | 'head'>;

export function verificationOf({ found, head }: VerifiedExport): Verification {
  if (found.kind === 'intact') return { intact: true, broken: null, head };
  const { problem, position, detail } = found;
  return { intact: false, broken: { problem, position, detail, remedy: exportRemedy(problem) }, head };
}

/** Says what was found of `what`, and sets the exit code. */
export function showVerification(screen: Screen, what: string, { broken, head }: Verification): void {
  if (broken !== null) {
    screen.line(`${what} is broken at event ${broken.position}: ${broken.detail} (${broken.problem})`, 'bad');
    screen.line(`  try: ${broken.remedy}`);
    process.exitCode = EXIT.internal;
    return;
  }
  if (head === null) return;
  const { position, hash, epoch, at } = head;
  screen.line(`${what} is intact: ${position} events, none changed or missing`, 'good');
  screen.line(`signed head: event ${position} of epoch ${epoch.counter}, hash ${hash}, at ${timeText(at)}`);
}
