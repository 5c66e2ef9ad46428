import type { SandboxId } from '#libs/contracts/ids.js';
import type { Dials, ForbiddenDials, Unseen } from './inspection.js';

/** What the dials that must fail show about a sandbox's isolation. */
export type JudgedDials =
  | { readonly kind: 'reached'; readonly evidence: string; readonly remedy: string }
  | { readonly kind: 'kept apart'; readonly evidence: string }
  /** Nothing was dialled. */
  | { readonly kind: 'not tried'; readonly evidence: string };

const MOST_NAMED = 5;
const REMEDY =
  'stop what listens there, or move it out of the proxy range; then check `nft list ruleset` and the routes';

export function judgeDials(sandboxId: SandboxId, dials: Unseen | ForbiddenDials): JudgedDials {
  if (dials.kind === 'unseen') {
    return { kind: 'not tried', evidence: `not tested from ${sandboxId}: ${dials.reason}` };
  }
  const { inPlace, neighbours, host } = dials;
  const who = inPlace ?? sandboxId;
  const reached = [...namesOf(neighbours, 'its neighbours'), ...namesOf(host, 'its host')];
  if (reached.length > 0) {
    return { kind: 'reached', evidence: `${who} reaches ${reached.join(', and ')} without the proxy`, remedy: REMEDY };
  }
  if (neighbours.dialled + host.dialled === 0) {
    return {
      kind: 'not tried',
      evidence: `there is nothing that ${who} could be tested with: no other sandbox, and no service of the host`,
    };
  }
  const tried = `${neighbours.dialled} addresses of its neighbours and ${host.dialled} services of its host`;
  return { kind: 'kept apart', evidence: `${who} reaches none of ${tried} directly` };
}

function namesOf({ reached }: Dials, whose: string): readonly string[] {
  if (reached.length === 0) return [];
  const more = reached.length > MOST_NAMED ? ` and ${reached.length - MOST_NAMED} more` : '';
  return [`${reached.slice(0, MOST_NAMED).join(', ')}${more} of ${whose}`];
}
