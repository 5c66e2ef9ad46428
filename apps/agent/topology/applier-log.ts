import { type AgentLog, errorFields } from '../foundation/log.js';
import type { ApplierEvent } from './applier.js';

/** Logs the outcome of applying a version. */
export function reportApplier(log: AgentLog, event: ApplierEvent): void {
  const { networkId, name, version } = event.held.snapshot;
  const about = { networkId, network: name, version };
  switch (event.kind) {
    case 'policy-applied':
      log.debug({ ...about, flowsCut: event.flowsCut.length }, 'the policy of a version is in force');
      break;
    case 'applied':
      log.info({ ...about, failures: event.failures }, 'version applied');
      break;
    case 'not-settled':
      log.error({ ...about, ...errorFields(event.error) }, 'a version could not be applied yet; trying again');
      break;
    case 'cuts-not-saved':
      log.error(
        { ...about, ...errorFields(event.error) },
        'the flows cut at the end of a rule are not on disk yet: a restart now would leave them out of the report',
      );
      break;
  }
}
