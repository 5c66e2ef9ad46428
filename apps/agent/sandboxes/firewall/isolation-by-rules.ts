import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { CodedError } from '#libs/contracts/errors.js';

/** The isolation of sandboxes that only the agent's rules keep apart. `fault`: of the rules; null: none. */
export function isolationByRules(
  fault: CodedError | null,
): Pick<SandboxReport, 'isolation' | 'isolationEvidence' | 'isolationRemedy'> {
  if (fault === null) return { isolation: 'enforced', isolationEvidence: null, isolationRemedy: null };
  return {
    isolation: 'broken',
    isolationEvidence: `${fault.code}: ${fault.message}`,
    isolationRemedy: fault.remedy,
  };
}
