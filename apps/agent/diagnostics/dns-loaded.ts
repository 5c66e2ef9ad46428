import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import { type ChecksRequest, type DiagnosedAgent, recordOf } from './diagnosed-agent.js';

/** Checks that the alias has a record, that the DNS worker serves it, and that a listener answers. */
export async function checkDnsLoaded(agent: DiagnosedAgent, { networkId, alias }: ChecksRequest): Promise<Check> {
  const zone = agent.zone();
  const record = recordOf(agent, { networkId, alias });
  if (zone === null || record === null) {
    const network = agent.view(networkId)?.name ?? null;
    const reason = agent.failureOf(networkId, alias);
    if (network === null) return fail('DNS_LOADED', `no record for ${alias}`, 'wait a moment and test again');
    return reason === null
      ? fail('DNS_LOADED', `there is no record for ${alias} here`, `gstacks network alias list ${network}`)
      : fail(
          'DNS_LOADED',
          `no record for ${alias}: ${reason}`,
          `correct that, then check gstacks network status ${network}`,
        );
  }
  const served = await agent.dnsRevision();
  if (served === null) {
    return fail('DNS_LOADED', 'the DNS worker does not answer', "it is restarted automatically; read the agent's log");
  }
  if (served < zone.revision) {
    const evidence = `the DNS worker still serves revision ${served}; the record is in revision ${zone.revision}`;
    return fail('DNS_LOADED', evidence, 'wait a moment and test again');
  }
  const { name, address } = record;
  const query = await agent.queryDns(name);
  if (query === null) return fail('DNS_LOADED', 'no DNS listener is open', 'start a sandbox on this host');
  if (query.answer === null) {
    const remedy = `check that nothing else uses ${query.listener}, and read the agent's log`;
    return fail('DNS_LOADED', `${query.listener} does not answer queries`, remedy);
  }
  return pass('DNS_LOADED', `${name} is ${address} in revision ${served}; ${query.listener} answers (${query.answer})`);
}
