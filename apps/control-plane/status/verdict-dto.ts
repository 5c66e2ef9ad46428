import type { Epoch } from '#libs/contracts/bus/network-version.js';
import type { MemberVerdictDto, VerdictDto } from '#libs/contracts/http/diagnostics.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { SelectorVerdict } from '#libs/policy/model.js';
import type { PolicySource } from '#libs/policy/policy-source.js';

export function verdictDto(verdict: SelectorVerdict, epoch: Epoch): VerdictDto {
  return { ...verdict, epoch, members: verdict.members.map(memberDto) };
}

function memberDto({ source, verdict }: SelectorVerdict['members'][number]): MemberVerdictDto {
  const { effect, reason, ruleId } = verdict;
  return { source: textOf(source), effect, reason, ruleId };
}

function textOf(source: PolicySource): string {
  if (source.kind === 'sandbox') return formatSelector(source);
  return formatSelector(source.user === null ? { kind: 'local' } : { kind: 'local-user', user: source.user });
}
