import type { AliasName, PolicyTestId } from './ids.js';
import type { Effect } from './rules.js';

/** A verdict that is to stay: of everybody whom the selector stands for. Its selector as text. */
export type PrintedPolicyTest = {
  readonly id: PolicyTestId;
  readonly from: string;
  readonly to: AliasName;
  readonly port: number;
  readonly effect: Effect;
};

/** One line for people: `web to api:8080 is allow`. */
export function policyTestText({
  from,
  to,
  port,
  effect,
}: Omit<PrintedPolicyTest, 'id' | 'to'> & { readonly to: string }) {
  return `${from} to ${to}:${port} is ${effect}`;
}
