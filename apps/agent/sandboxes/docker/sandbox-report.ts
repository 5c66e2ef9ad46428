import type { SandboxReport } from '#libs/contracts/bus-messages.js';
import type { AdmittedContainer } from './admissions.js';
import type { BridgePlan } from './bridge-plan.js';

/** What the control plane is told of one container. */
export function reportOf(
  { sandboxId, container, link, resolverFailure }: AdmittedContainer,
  plan: BridgePlan,
): SandboxReport {
  const others = container.endpoints.filter(({ network }) => network !== plan.network);
  return {
    sandboxId,
    address: link.address,
    isolation: others.length === 0 ? 'enforced' : 'advisory',
    source: 'verified',
    dns: resolverFailure === null ? 'active' : 'restart-required',
    dnsRemedy: resolverFailure === null ? null : `${resolverFailure}; make it anew with --dns ${plan.gateway}`,
    namespace: null,
  };
}
