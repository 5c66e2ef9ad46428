import type { PreviewDto, PreviewedCutsDto } from '#libs/api-client/generated/index.js';
import type { Screen } from '../output/screen.js';
import { showReachability } from './change-text.js';

/** What a write would do to reachability and to what is open now. */
export function showPreview(screen: Screen, preview: PreviewDto): void {
  showReachability(screen, preview, 'nobody gains or loses access');
  showCuts(screen, preview.cuts);
  for (const { code, message } of preview.warnings) screen.line(`warning: ${message} (${code})`);
}

function showCuts(screen: Screen, { cut, pairs, notKnown }: PreviewedCutsDto): void {
  screen.line(`open connections that would be cut: ${cut}`, cut > 0 ? 'bad' : undefined);
  for (const { from, alias, port, open, isCut } of pairs) {
    if (isCut) screen.line(`  ${open} of ${from} -> ${alias}:${port}`);
  }
  for (const { agentId, reason } of notKnown) screen.line(`  those of ${agentId} are not known: ${reason}`, 'bad');
}
