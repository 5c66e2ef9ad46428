import type { SandboxId } from '#libs/contracts/ids.js';
import { isOutsideName } from '#libs/contracts/outside-names.js';
import type { DialOutside, FlowEngine, FlowRecord, OutsideRoute, ProxyListeners } from '#libs/data-plane/data-plane.js';
import type { DeniedQuery } from '#libs/data-plane/dns/denied-queries.js';
import type { AskOutside } from '#libs/data-plane/dns/outside-answers.js';
import { createOutsideDialer, type OutsideDialer } from '#libs/data-plane/egress/dial-outside.js';
import { createNameAddresses } from '#libs/data-plane/egress/name-addresses.js';
import { createNameLookups } from '#libs/data-plane/egress/name-lookups.js';
import { createRefusedAddresses } from '#libs/data-plane/egress/refused-addresses.js';
import { createOutsideListeners } from '#libs/data-plane/proxy/listeners.js';
import { allowedPatterns, evaluateOutside, isExplicitlyDenied } from '#libs/policy/evaluate-outside.js';
import { Counters } from '../foundation/counters.js';
import { type AgentLog, errorFields } from '../foundation/log.js';
import type { SandboxDriver } from '../sandboxes/driver.js';
import { parseAskedName } from './asked-name.js';
import { type DeniedName, DeniedNames } from './denied-names.js';
import type { EgressMode } from './egress-settings.js';
import { OUTSIDE_NAME_LIMITS, OutsideNames, type OutsideNamesEvent } from './outside-names.js';
import { RefusedPorts } from './refused-ports.js';

export interface HostEgressParts {
  readonly mode: EgressMode;
  /** `address:port` of resolvers. */
  readonly upstreams: readonly string[];
  readonly proxyRange: string;
  /** CIDR ranges of this host's proxies, links and mesh. */
  readonly ownRanges: readonly string[];
  readonly isTaken: (address: string) => boolean;
  readonly driver: Pick<SandboxDriver, 'clients' | 'refusedConnections'>;
  readonly flows: () => FlowEngine;
  readonly log: AgentLog;
  readonly nowMs: () => number;
}

/** What this host does about names outside. */
export interface HostEgress {
  readonly mode: EgressMode;
  /** Resolvers of names outside that no rule allows: none, unless such names are open to all. */
  readonly dnsUpstreams: readonly string[];
  /** undefined: no name outside is answered by rule. */
  readonly askOutside: AskOutside | undefined;
  /** null: this host dials no names outside. */
  readonly dial: DialOutside | null;
  /** The addresses that would be dialled; null as `dial`. */
  readonly resolve: OutsideDialer['resolve'] | null;
  readonly listeners: ProxyListeners<OutsideRoute>;
  /** What these sandboxes were lately refused, the most frequent first. */
  deniedOf(isAsked: (sandboxId: SandboxId) => boolean): Promise<readonly DeniedName[]>;
  /** Remembers queries for names that no rule allows. */
  queriesDenied(denied: readonly DeniedQuery[]): void;
  /** Remembers a flow, when it was refused by the rules, or because of where its name leads. */
  flowEnded(flow: FlowRecord): void;
  isTaken(address: string): boolean;
  patternsOf(sandboxId: SandboxId): readonly string[];
  /** Rules have changed: listeners follow them. */
  follow(): Promise<void>;
  sandboxesGone(sandboxIds: readonly SandboxId[]): void;
  close(): Promise<void>;
}

/** Refusals that a rule would lift: not those of servers that are away, or of limits. */
const REMEMBERED: ReadonlySet<string> = new Set(['DEFAULT_DENY', 'EXPLICIT_DENY', 'TARGET_FORBIDDEN']);

/** How often names that nobody asks for any more are looked for, and what the kernel refused is read. */
const SWEEP_MS = 30_000;

export function openHostEgress(parts: HostEgressParts): HostEgress {
  const { mode, upstreams, driver, flows, log, nowMs } = parts;
  const counters = new Counters();
  const denied = new DeniedNames(nowMs);
  const sandboxAt = (address: string) =>
    driver.clients().find((client) => client.address === address)?.sandboxId ?? null;
  const listeners = createOutsideListeners(
    (socket, route) => flows().acceptOutside(socket, route),
    (route, error) => log.error({ route, ...errorFields(error) }, 'the proxy listener of an outside name failed'),
  );
  const names = new OutsideNames({
    range: parts.proxyRange,
    isTaken: parts.isTaken,
    listeners,
    views: () => flows().views(),
    sandboxAt,
    namesInUse: () =>
      new Set(
        flows()
          .flows()
          .map(({ alias }) => alias),
      ),
    nowMs,
    report: (event) => reportNames(log, counters, event),
    limits: OUTSIDE_NAME_LIMITS,
  });
  const dialer = createOutsideDialer({
    addressesOf: createNameLookups(createNameAddresses(upstreams)),
    isRefused: createRefusedAddresses(parts.ownRanges),
    refused: (name, addresses) =>
      counters.add(`refused addresses of ${name}`, (count) =>
        log.warn({ name, addresses, count }, 'an outside name resolves to addresses that the agent does not dial'),
      ),
  });
  let byAddress = names.byAddress();
  const refusedPorts = new RefusedPorts(
    () => driver.refusedConnections(),
    ({ source, address, port, count }) => {
      const sandboxId = sandboxAt(source);
      const name = byAddress.get(address);
      if (sandboxId === null || name === undefined) return;
      const verdicts = flows()
        .views()
        .map((view) => evaluateOutside(view, { sandboxId, name, port }, nowMs()));
      // A rule has come since, and with it a listener.
      if (verdicts.some(({ effect }) => effect === 'allow')) return;
      const isDenied = verdicts.some(({ reason }) => reason === 'EXPLICIT_DENY');
      denied.record({ sandboxId, name, port, reason: isDenied ? 'EXPLICIT_DENY' : 'DEFAULT_DENY', count });
    },
  );
  async function gatherRefused(): Promise<void> {
    byAddress = names.byAddress();
    if (byAddress.size === 0) return;
    await refusedPorts
      .gather()
      .catch((error: unknown) =>
        log.error(
          errorFields(error),
          'the connections that the kernel refused could not be read; network egress denied lacks them',
        ),
      );
  }
  const sweep = setInterval(() => {
    // Before names lose their addresses.
    gatherRefused()
      .then(() => names.follow())
      .catch((error) => log.error(errorFields(error), 'unused outside names could not be removed; trying again'));
  }, SWEEP_MS);
  sweep.unref();
  const isOff = mode === 'none';
  if (mode === 'open')
    log.warn(
      { egress: mode },
      'GLOBALSTACKS_AGENT_EGRESS is open: sandboxes may resolve every outside name, and DNS queries can carry data out',
    );
  else log.info({ egress: mode }, 'outside names that sandboxes may resolve, by GLOBALSTACKS_AGENT_EGRESS');
  return {
    mode,
    dnsUpstreams: mode === 'open' ? upstreams : [],
    askOutside: isOff ? undefined : (name, source) => names.ask(name, source),
    dial: isOff ? null : dialer.dial,
    resolve: isOff ? null : dialer.resolve,
    listeners,
    async deniedOf(isAsked) {
      await gatherRefused();
      return denied.of(isAsked);
    },
    queriesDenied(queries) {
      const views = flows().views();
      for (const { source, name: text, count } of queries) {
        const sandboxId = sandboxAt(source);
        const name = parseAskedName(text);
        // Nobody's, or a name that no rule can allow.
        if (sandboxId === null || name === null) continue;
        const isDenied = views.some((view) => isExplicitlyDenied(view, sandboxId, name));
        const reason = isOff ? 'EGRESS_OFF' : isDenied ? 'EXPLICIT_DENY' : 'DEFAULT_DENY';
        denied.record({ sandboxId, name, port: null, reason, count });
      }
    },
    flowEnded({ outcome, role, source, alias, port, code }) {
      if (outcome !== 'refused' || role !== 'source' || !REMEMBERED.has(code)) return;
      if (source?.kind !== 'sandbox' || !isOutsideName(alias)) return;
      denied.record({ sandboxId: source.sandboxId, name: alias, port, reason: code, count: 1 });
    },
    isTaken: (address) => names.isTaken(address),
    patternsOf: (sandboxId) =>
      isOff
        ? []
        : [
            ...new Set(
              flows()
                .views()
                .flatMap((view) => allowedPatterns(view, sandboxId, nowMs())),
            ),
          ],
    follow: () => names.follow(),
    sandboxesGone(sandboxIds) {
      names.forget(sandboxIds);
      denied.forget(sandboxIds);
    },
    async close() {
      clearInterval(sweep);
      await listeners.close();
    },
  };
}

function reportNames(log: AgentLog, counters: Counters, event: OutsideNamesEvent): void {
  switch (event.kind) {
    case 'no-address':
      log.error({ name: event.name, ...errorFields(event.error) }, 'an outside name got no proxy address');
      break;
    case 'not-listening':
      log.error(event.failure, 'the agent cannot listen for connections to an outside name');
      break;
    case 'too-many':
      counters.add(`names of ${event.sandboxId}`, (count) =>
        log.warn(
          { sandboxId: event.sandboxId, name: event.name, count },
          'a sandbox uses as many outside names as one sandbox may: it gets no address for another',
        ),
      );
  }
}
