import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { type AgentId, type NetworkId, type SandboxId } from '#libs/contracts/ids.js';
import type { FlowEngine, FlowEngineSettings, FlowLimits, ProxyListeners } from '#libs/data-plane/data-plane.js';
import { startDnsServer } from '#libs/data-plane/dns/server.js';
import type { DnsServer } from '#libs/data-plane/dns/zone.js';
import { createFlowEngine } from '#libs/data-plane/flows/engine.js';
import { FlowLog } from '#libs/data-plane/flows/flow-log.js';
import { newFlowId } from '#libs/data-plane/flows/new-flow-id.js';
import { RefusalCounts } from '#libs/data-plane/flows/refusal-counts.js';
import { createProxyListeners } from '#libs/data-plane/proxy/listeners.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { shortMeshLog } from '#libs/mesh/short-log.js';
import { listeningSockets } from '#libs/program/listening-sockets.js';
import { ownRanges } from '../dns/own-ranges.js';
import { systemUpstreams } from '../dns/upstreams.js';
import { ZonePublisher } from '../dns/zone-publisher.js';
import { type EgressMode } from '../egress/egress-settings.js';
import { type HostEgress, openHostEgress } from '../egress/host-egress.js';
import { type AgentLog, errorFields } from '../foundation/log.js';
import { HostMesh } from '../mesh/host-mesh.js';
import type { MeshSettings, OfferedMesh } from '../mesh/mesh-settings.js';
import { type AliasAddresses, openAliasAddresses } from '../proxy/alias-addresses.js';
import { changedReports, departed } from '../sandboxes/departures.js';
import type { SandboxDriver } from '../sandboxes/driver.js';
import type { ChosenDriver } from '../sandboxes/drivers.js';
import { hostServices } from '../sandboxes/inspection/host-services.js';
import type { ForbiddenDials, Unseen } from '../sandboxes/inspection/inspection.js';
import { IsolationProofs } from '../sandboxes/inspection/isolation-proofs.js';
import { FlowOutcomes } from './flow-outcomes.js';
import { reportDns, reportMesh, reportRefusals } from './reports.js';

export interface TrafficSettings {
  readonly stateFolder: string;
  readonly driver: ChosenDriver;
  /** null: the driver's default. */
  readonly proxyRange: string | null;
  readonly dnsUpstreams: 'system' | 'refuse' | readonly string[];
  readonly egress: EgressMode;
  readonly dnsQueriesPerSecond: number;
  readonly mesh: MeshSettings;
  readonly limits: FlowLimits;
}

export interface TrafficPorts {
  readonly agentId: AgentId;
  readonly credentials: MeshCredentials;
  /** Whether peers can verify the mesh certificate. */
  readonly isCertified: () => boolean;
  readonly offeredMesh: OfferedMesh;
  /** This host as peers reach it when it listens on all addresses; null: unknown, or it is in no direct mesh. */
  readonly ownHost: string | null;
  readonly requestMeshKey: (signal: AbortSignal) => Promise<string>;
  readonly admitsLocal: FlowEngineSettings['admitsLocal'];
  readonly isFresh: FlowEngineSettings['isFresh'];
  readonly requestSync: FlowEngineSettings['requestSync'];
  readonly rulesEnded: FlowEngineSettings['rulesEnded'];
  /** Whether these are all networks that a sandbox of this host may be attached to. */
  readonly knowsNetworksOf: (sandboxId: SandboxId, published: ReadonlySet<NetworkId>) => boolean;
  readonly log: AgentLog;
  readonly now: () => Date;
}

/** Everything on this host that carries traffic, and its sandboxes. */
export interface Traffic {
  readonly driver: SandboxDriver;
  readonly mesh: HostMesh;
  readonly flows: FlowEngine;
  readonly refusalCounts: RefusalCounts;
  readonly flowOutcomes: FlowOutcomes;
  readonly listeners: ProxyListeners;
  readonly egress: HostEgress;
  readonly dns: DnsServer;
  readonly zone: ZonePublisher;
  readonly addresses: AliasAddresses;
  /** The published names are complete: DNS begins to listen. Resolves when it does. */
  answerNames(): Promise<void>;
  /** From now on peers may ask for flows; until then the mesh refuses them. */
  acceptPeers(): void;
  /** The sandboxes as the driver reports them, with the results of dials that must fail. */
  sandboxes(): readonly SandboxReport[];
  /** Dials from a sandbox what isolation must prevent. */
  dialForbidden(sandboxId: SandboxId, signal: AbortSignal): Promise<Unseen | ForbiddenDials>;
  /** Sets the listener that is called when the sandboxes or their isolation changed. Call it once. */
  onSandboxes(listener: () => void): void;
  /** Sets the listener that is called when the state of the mesh changed. Call it once. */
  onMesh(listener: () => void): void;
  /** Closes in this order: clients, DNS, open flows, the mesh, and the sandboxes' links. */
  close(): Promise<void>;
}

/**
 * Starts the sandbox driver, the mesh, DNS and the proxy. Errors are those of the driver, the mesh and the settings.
 */
export async function openTraffic(settings: TrafficSettings, ports: TrafficPorts): Promise<Traffic> {
  const { log, now } = ports;
  const driver = settings.driver.create((error) => log.error(errorFields(error), 'sandbox driver failed'));
  let notify = (): void => {};
  let sandboxesChanged = (): void => {};
  driver.onChange(() => sandboxesChanged());
  await driver.start();
  const proxyRange = settings.proxyRange ?? driver.proxyRangeDefault;
  await driver.prepareProxyRange(proxyRange);
  const forbidden = [proxyRange.includes('/') ? proxyRange : `${proxyRange}/32`];

  const sources = driver.dialSources(proxyRange);

  let meshChanged = (): void => {};
  const mesh = await HostMesh.open(settings.mesh, ports.offeredMesh, {
    agentId: ports.agentId,
    credentials: ports.credentials,
    isCertified: ports.isCertified,
    stateFolder: settings.stateFolder,
    requestKey: ports.requestMeshKey,
    ownHost: ports.ownHost,
    changed: (state) => {
      reportMesh(log, state);
      meshChanged();
    },
    log: shortMeshLog(
      (entry) => log.warn(entry, 'mesh'),
      (code, peer, count) => log.warn({ code, peer, count }, 'more mesh errors of this kind in the last minute'),
    ),
  });
  if (mesh.member === null) reportMesh(log, mesh.state());
  const refusalCounts = new RefusalCounts();
  const flowOutcomes = new FlowOutcomes();
  const flowLog = new FlowLog({
    detail: (flow) => log.debug({ flow }, `flow ${flow.outcome}`),
    refused: (flow) => log.info({ flow }, 'flow refused'),
    moreRefused: (networkId, code, count) =>
      log.info({ networkId, code, count }, 'more flows refused in the last minute'),
  });
  const hostRanges = ownRanges({
    proxyRange,
    linkRanges: driver.linkRanges(),
    mesh: settings.mesh.transport ?? 'tsnet',
  });
  const egress = openHostEgress({
    mode: settings.egress,
    upstreams: upstreams(settings, driver),
    ...{ proxyRange, ownRanges: hostRanges, driver, log },
    isTaken: (address) => sources.includes(address) || addresses.isTaken(address),
    flows: () => flows,
    nowMs: () => now().getTime(),
  });
  const flows: FlowEngine = createFlowEngine({
    agentId: ports.agentId,
    localSource: null,
    admitsLocal: ports.admitsLocal,
    mesh: () => mesh.member,
    sandboxes: driver.directory,
    forbiddenTargets: forbidden,
    dialSources: sources,
    dialOutside: egress.dial,
    limits: settings.limits,
    isFresh: ports.isFresh,
    requestSync: ports.requestSync,
    rulesEnded: ports.rulesEnded,
    newFlowId,
    record: (flow) => {
      flowLog.record(flow);
      refusalCounts.record(flow);
      flowOutcomes.record(flow);
      egress.flowEnded(flow);
    },
  });
  const listeners = createProxyListeners(
    (socket, route) => flows.acceptClient(socket, route),
    (route, error) => log.error({ route, ...errorFields(error) }, 'proxy listener failed'),
  );
  const dns = await startDnsServer(
    {
      // Listens nowhere yet: answers before the names are loaded would be wrong.
      listen: [],
      upstreams: egress.dnsUpstreams,
      forbiddenRanges: hostRanges,
      queriesPerSecondPerSource: settings.dnsQueriesPerSecond,
    },
    (event) => reportDns(log, event),
    {
      ...(egress.askOutside === undefined ? {} : { askOutside: egress.askOutside }),
      namesDenied: (denied) => egress.queriesDenied(denied),
    },
  );
  const startSeconds = Math.floor(now().getTime() / 1_000);
  const zone = new ZonePublisher(
    dns,
    () => driver.clients(),
    ports.knowsNetworksOf,
    (sandboxId) => egress.patternsOf(sandboxId),
    startSeconds,
  );
  const addresses: AliasAddresses = await openAliasAddresses(
    join(settings.stateFolder, 'addresses.json'),
    { range: proxyRange, reserved: sources, isTaken: (address) => egress.isTaken(address) },
    () => now().getTime(),
    (movedTo, error) =>
      log.error({ movedTo, ...errorFields(error) }, 'saved proxy addresses unusable; starting with an empty pool'),
  );

  const dialForbidden = async (sandboxId: SandboxId, signal: AbortSignal) => {
    const services = hostServices(
      await listeningSockets(),
      [...listeners.routes(), ...egress.listeners.routes()],
      driver.dnsListenAddresses(),
    );
    return driver.inspection.dialForbidden(sandboxId, services, signal);
  };
  const proofs = new IsolationProofs({
    reports: () => driver.inventory(),
    dial: dialForbidden,
    changed: () => {
      const broken = proofs.reports().filter(({ isolation }) => isolation === 'broken');
      for (const { sandboxId, isolationEvidence, isolationRemedy } of broken) {
        log.error(
          { sandboxId, reason: isolationEvidence, remedy: isolationRemedy },
          'the isolation of a sandbox is broken',
        );
      }
      notify();
    },
    nowMs: () => performance.now(),
  });

  let answersNames = false;
  const listenForNames = async (): Promise<void> => {
    const failures = await dns.listen(driver.dnsListenAddresses());
    for (const failure of failures) log.error(failure, 'DNS cannot listen');
  };

  let sandboxes: readonly SandboxReport[] = driver.inventory();
  let refusals = reportRefusals(log, [], driver.refused());
  sandboxesChanged = () => {
    const before = sandboxes;
    sandboxes = driver.inventory();
    const gone = departed(before, sandboxes);
    for (const sandboxId of gone) flows.sandboxGone(sandboxId);
    egress.sandboxesGone(gone);
    const failed = (error: unknown) =>
      log.error(errorFields(error), 'the DNS zone could not be updated after a change of sandboxes');
    if (answersNames) listenForNames().catch(failed);
    zone.refresh().catch(failed);
    log.info({ gone, changed: changedReports(before, sandboxes), all: sandboxes.length }, 'sandboxes changed');
    refusals = reportRefusals(log, refusals, driver.refused());
    proofs.sandboxesChanged();
    notify();
  };

  return {
    driver,
    mesh,
    flows,
    refusalCounts,
    flowOutcomes,
    listeners,
    egress,
    dns,
    zone,
    addresses,
    sandboxes: () => proofs.reports(),
    dialForbidden,
    async answerNames() {
      await zone.refresh();
      answersNames = true;
      await listenForNames();
      proofs.sandboxesChanged();
    },
    acceptPeers: () => {
      mesh.takePeers({ probe: (probe) => flows.acceptProbe(probe), flow: (flow) => flows.acceptPeer(flow) });
    },
    onSandboxes(listener) {
      notify = listener;
    },
    onMesh(listener) {
      meshChanged = listener;
    },
    async close() {
      await proofs.close();
      await listeners.close();
      await egress.close();
      await dns.close();
      await flows.close();
      flowLog.close();
      await mesh.close();
      await driver.close();
    },
  };
}

function upstreams({ dnsUpstreams }: TrafficSettings, driver: SandboxDriver): readonly string[] {
  if (dnsUpstreams === 'refuse') return [];
  if (dnsUpstreams !== 'system') return dnsUpstreams;
  const resolvConf = existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : '';
  return systemUpstreams(resolvConf, driver.dnsListenAddresses());
}
