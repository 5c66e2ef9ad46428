import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { CodedError } from '#libs/contracts/errors.js';
import { isolationByRules } from '../firewall/isolation-by-rules.js';
import type { AdmittedContainer } from './admissions.js';
import type { BridgePlan } from './bridge-plan.js';

type Isolation = Pick<SandboxReport, 'isolation' | 'isolationEvidence' | 'isolationRemedy'>;
type Resolver = Pick<SandboxReport, 'dns' | 'dnsRemedy'>;

/** The report of one container. `fault`: of the agent's rules; null: they are in force. */
export function reportOf(
  admitted: AdmittedContainer,
  plan: BridgePlan,
  engineSocket: string,
  fault: CodedError | null,
): SandboxReport {
  const { sandboxId, container, link } = admitted;
  return {
    sandboxId,
    address: link.address,
    ...(fault === null ? isolationOf(admitted, plan) : isolationByRules(fault)),
    source: 'verified',
    ...resolverOf(admitted, plan),
    namespace: null,
    container: { id: container.id, name: container.name, startedAt: container.startedAt, engineSocket },
    paused: container.state === 'paused',
  };
}

/** The agent's rules cover its bridge only, not other networks or privileges of the container. */
function isolationOf({ container, link }: AdmittedContainer, { network }: BridgePlan): Isolation {
  const { name, privileged } = container;
  if (privileged) {
    return {
      isolation: 'advisory',
      isolationEvidence: `${name} is privileged, so it can control the host`,
      isolationRemedy: 'create it again without --privileged',
    };
  }
  const others = container.endpoints.filter((endpoint) => endpoint.network !== network);
  if (others.length === 0) return isolationByRules(null);
  const places = others.map((other) => `${other.network} (${other.address})`).join(', ');
  const route =
    link.defaultRouteDevice === link.device
      ? ''
      : `, and its default route leads there (${link.defaultRouteDevice ?? 'none'})`;
  return {
    isolation: 'advisory',
    isolationEvidence: `${name} is also on ${places}, where no policy applies${route}`,
    isolationRemedy: others.map((other) => `docker network disconnect ${other.network} ${name}`).join('; '),
  };
}

function resolverOf({ container, resolverFailure }: AdmittedContainer, { network, gateway }: BridgePlan): Resolver {
  if (resolverFailure === null) return { dns: 'active', dnsRemedy: null };
  return {
    dns: 'restart-required',
    dnsRemedy:
      `its DNS queries cannot be redirected to the agent (${resolverFailure}); create ${container.name} again with ` +
      `--network ${network} --dns ${gateway}`,
  };
}
