import type { Epoch } from '#libs/contracts/bus/network-version.js';
import type { MemberVerdictDto, VerdictDto } from '#libs/contracts/http/diagnostics.js';
import type { SelectorVerdict } from '#libs/policy/model.js';

export function verdictDto(verdict: SelectorVerdict, epoch: Epoch): VerdictDto {
  return { ...verdict, epoch, members: verdict.members.map(memberDto) };
}

function memberDto({ source, verdict }: SelectorVerdict['members'][number]): MemberVerdictDto {
  const { effect, reason, ruleId } = verdict;
  const text = source.kind === 'sandbox' ? `sandbox:${source.sandboxId}` : `local:${source.user}`;
  return { source: text, effect, reason, ruleId };
}
