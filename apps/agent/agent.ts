import { randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { agentSubject } from '#libs/contracts/bus/subjects.js';
import { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import { Acknowledgements } from '#libs/member/acknowledgements.js';
import { AdmittedPeers } from '#libs/member/admitted-peers.js';
import { ControlPlaneLink } from '#libs/member/control-plane-link.js';
import { meshCredentials } from '#libs/member/credentials.js';
import { HeldNetworks } from '#libs/member/held-networks.js';
import { agentAddress, MemberBus } from '#libs/member/member-bus.js';
import { OfferedKeys, trustedKeysOf } from '#libs/member/pinned-keys.js';
import { Refusals } from '#libs/member/refusals.js';
import { Renewal } from '#libs/member/renewal.js';
import { SyncRequests } from '#libs/member/sync-requests.js';
import { RELEASE } from '#libs/program/release.js';
import { systemClock } from './contact/boot-clock.js';
import { BusAbsence } from './contact/bus-absence.js';
import { ContactLog } from './contact/contact-log.js';
import { openFreshness } from './contact/freshness.js';
import { InventoryReports } from './contact/inventory.js';
import { diagnosedAgent } from './diagnostics/diagnosed-agent.js';
import { diagnose } from './diagnostics/diagnostics.js';
import { NameKnowledge } from './dns/name-knowledge.js';
import { isRevocation } from './enrollment/enrollment.js';
import { isCertified } from './enrollment/identity-keys.js';
import { openEnrollment } from './enrollment/open-enrollment.js';
import { provisionalCredentials } from './enrollment/provisional.js';
import { StoreEpochs } from './enrollment/store-epochs.js';
import { Counters } from './foundation/counters.js';
import { type AgentLog, errorFields } from './foundation/log.js';
import { ownHostTowards } from './foundation/own-host.js';
import { MeshOffers } from './mesh/mesh-offers.js';
import { PeerFiles } from './mesh/peer-files.js';
import { type MetricsServer, serveMetrics } from './metrics/metrics-server.js';
import type { AgentSettings } from './settings.js';
import { makeStateFolder, ownStateFolder } from './state/own-state-folder.js';
import { Applier } from './topology/applier.js';
import { reportApplier } from './topology/applier-log.js';
import { LastGoodFiles } from './topology/last-good.js';
import { restoreLastGood } from './topology/restore-last-good.js';
import { Settling } from './topology/settling.js';
import { openTraffic } from './traffic/traffic.js';

export interface RunningAgent {
  close(): Promise<void>;
  /** Resets open connections: otherwise the kernel would end them cleanly, as if all their bytes had been sent. */
  exiting(): void;
}

const UNUSABLE = {
  credentials: 'the saved credentials cannot be used; requesting new ones',
  'mesh key': 'the saved mesh key cannot be used; making a new one',
};
const ENROLLMENT_EVENTS = {
  waiting: 'waiting for the control plane, to get credentials',
  'not issued again': 'the control plane refused to issue the lost credentials again; enrolling with the token',
  'key-changed': 'the control plane offered another key than the one pinned at enrolment',
  'mesh key not certified': 'the control plane did not certify the new mesh key',
  'not kept': 'the credentials could not be saved',
};
const RENEWAL_PACE = { lookEveryMs: 10_000, firstRetryMs: 5_000, longestRetryMs: 60_000 };

/**
 * Starts an agent in this order: the right to its state folder, keys and credentials, the bus, sandboxes and their
 * traffic, the last good versions from disk, DNS, then contact with the control plane. Until that answers, the agent
 * serves the last good versions. `starting` ends the wait for an enrolment. `revoked` is told of the refusal once the
 * control plane says that this agent is revoked: it can only be closed then.
 */
export async function startAgent(
  settings: AgentSettings,
  log: AgentLog,
  starting: AbortSignal,
  revoked: (refusal: unknown) => void,
): Promise<RunningAgent> {
  const now = () => new Date();
  const inState = (name: string) => join(settings.stateFolder, name);
  const counters = new Counters();
  const contactLog = new ContactLog(log, counters);
  makeStateFolder(settings.stateFolder);
  const ownership = ownStateFolder(settings.stateFolder);

  const identity = inState('identity');
  const { kept, keys, enrollment } = await openEnrollment(
    { ...settings, folder: identity },
    {
      now,
      damaged: (what, error, movedTo) => log.warn({ movedTo, ...errorFields(error) }, UNUSABLE[what]),
      report: ({ kind, error }) => log.warn(errorFields(error), ENROLLMENT_EVENTS[kind]),
    },
  );
  let credentials = await enrollment.current(kept, starting);
  const { agentId } = credentials;
  let isMeshKeyCertified = isCertified(credentials, keys);

  // The connection to the bus, and the messages that the agent sends over it.
  const bus = new MemberBus({
    address: agentAddress(agentId),
    credentials: () => credentials,
    nkeySeed: keys.nkeySeed,
    fault: (fault) => contactLog.fault(fault),
  });
  bus.onStatus((status, detail) => contactLog.status(status, detail));
  const deliver = async (message: AppliedMessage, signal: AbortSignal) =>
    contactLog.delivered(message, await bus.deliverApplied(message, signal));
  const acknowledgements = new Acknowledgements({
    deliver,
    failed: ({ networkId, to }, error) =>
      log.warn({ networkId, to, ...errorFields(error) }, 'an applied version is not acknowledged yet; trying again'),
  });
  const refusals = new Refusals(deliver, ({ networkId, to }, error) =>
    log.warn(
      { networkId, to, ...errorFields(error) },
      'the refusal of a version could not be reported to the control plane',
    ),
  );
  const held = new HeldNetworks();
  const syncs = new SyncRequests({
    held,
    request: (message) => bus.requestSync(message),
    failed: (networkId, error) =>
      log.debug(
        { networkId, ...errorFields(error) },
        'the control plane did not answer a request for the present version of a network',
      ),
  });

  // Sandboxes and their traffic. The held versions decide what may pass, the admitted peers who may connect.
  const freshness = await openFreshness(inState('contact.json'), systemClock(), (error) =>
    log.error(errorFields(error), 'the time of the last contact could not be saved'),
  );
  const later = (work: () => void, delayMs: number) => {
    const timer = setTimeout(work, delayMs);
    return { cancel: () => clearTimeout(timer) };
  };
  const knowledge = new NameKnowledge({
    now: () => performance.now(),
    later,
    changed: () => {
      traffic.zone
        .refresh()
        .catch((error) =>
          log.error(errorFields(error), 'the DNS zone could not be updated after an answer of the control plane'),
        );
    },
  });
  const admitted = new AdmittedPeers();
  const traffic = await openTraffic(settings, {
    agentId,
    credentials: isMeshKeyCertified
      ? meshCredentials(credentials, keys)
      : await provisionalCredentials(credentials, keys, now()),
    isCertified: () => isMeshKeyCertified,
    offeredMesh: credentials,
    requestMeshKey: (signal) => enrollment.meshKey(signal),
    ownHost: settings.mesh.transport === 'direct' ? await ownHostTowards(settings.controlPlaneUrl) : null,
    admitsLocal: (networkId, source) => admitted.admits(networkId, source),
    isFresh: (networkId) => {
      const snapshot = held.of(networkId)?.snapshot;
      return snapshot !== undefined && freshness.isWithin(snapshot.maxStalenessSeconds);
    },
    requestSync: (networkId, version) => syncs.ask(networkId, version),
    rulesEnded: (networkId) => applier.saveCutAtEnd(networkId),
    knowsNetworksOf: (sandboxId, published) => knowledge.knowsNetworksOf(sandboxId, published),
    log,
    now,
  });
  const peerFiles = new PeerFiles(settings.stateFolder, (error) =>
    log.error(errorFields(error), 'the list of peers could not be saved'),
  );
  admitted.admitTo(traffic.mesh, agentId);
  admitted.restore(await peerFiles.load(now()));
  admitted.onPeers((peers) => peerFiles.savePeers(peers));
  admitted.onLocalNodes((localNodes) => {
    const flowsCut = traffic.flows.localNodesChanged();
    if (flowsCut.length > 0) log.info({ flowsCut }, 'connections of local nodes that are no longer admitted were cut');
    peerFiles.saveLocalNodes(localNodes);
  });

  // Topology versions: first the last-good ones from disk, then those that the control plane publishes.
  const store = new LastGoodFiles(inState('networks'));
  const applier = new Applier({
    held,
    flows: traffic.flows,
    settling: new Settling({
      agentId,
      addresses: traffic.addresses,
      listeners: traffic.listeners,
      publishNames: (networkId, names) => traffic.zone.publish(networkId, names),
      followEgress: () => traffic.egress.follow(),
    }),
    store,
    acknowledgements,
    reportRefusal: (message) => refusals.report(message),
    now,
    later,
    report: (event) => reportApplier(log, event),
  });
  const receiver = new TopologyReceiver({
    recipient: agentId,
    topologyKeys: () => credentials.snapshotKeys,
    held,
    take: (version, delta) => applier.take(version, delta),
    acknowledgeAgain: (networkId) => acknowledgements.repeat(networkId),
    reportRefusal: (message) => refusals.report(message),
    answered: ({ status, code, message: reason }, version) => {
      if (status === 'received') return;
      // The key may have been replaced while this agent was away: the answer to a heartbeat tells.
      if (code === 'SIGNATURE_INVALID') link.reportSoon();
      const about = { networkId: version?.networkId, version: version?.to, status, code, reason };
      counters.add(`topology ${status} ${code}`, (count) =>
        log.warn({ ...about, count }, 'a version of a network was not applied'),
      );
    },
    now,
  });
  await restoreLastGood({ store, acknowledgements, applier, freshness, counters, log, now });
  await traffic.answerNames();
  traffic.acceptPeers();

  let metrics: MetricsServer | null = null;
  if (settings.metricsListen !== null) {
    // Imported only if metrics are served, because loading it takes 5 ms of CPU.
    const { agentMetrics } = await import('./metrics/agent-metrics.js');
    const registry = agentMetrics({
      secondsSinceContact: () => freshness.secondsSinceContact(),
      isInMesh: () => traffic.mesh.state().state === 'joined',
      networks: () => applier.versions().length,
      sandboxes: () => traffic.sandboxes().length,
      openFlows: () => traffic.flows.flows().length,
      flowOutcomes: () => traffic.flowOutcomes.all(),
      refusedFlows: () => traffic.refusalCounts.all(),
      dns: () => traffic.dns.counters(),
    });
    metrics = await serveMetrics(settings.metricsListen, registry);
    log.info({ port: metrics.port }, 'metrics are served');
  }

  // From here on the agent contacts the control plane and answers its requests.
  const bootId = randomUUID();
  const diagnosed = diagnosedAgent({
    ...{ agentId, traffic, applier, peers: admitted, now },
    certificate: () => credentials.certificate,
    newQueryId: () => randomInt(65_536),
  });
  const inventory = new InventoryReports({
    bootId,
    driver: traffic.driver.name,
    sandboxes: () => traffic.sandboxes(),
    refused: () => traffic.driver.refused(),
    request: (message, signal) => bus.requestUntilAnswered(agentSubject(agentId, 'inventory'), message, signal),
    maxMessageBytes: () => bus.maxMessageBytes(),
    answered: ({ conflicts }, sandboxes) => {
      knowledge.reported(sandboxes.map(({ sandboxId }) => sandboxId));
      for (const conflict of conflicts)
        log.error(conflict, 'another agent holds this sandbox, so this agent does not serve it');
    },
    failed: (error) =>
      log.warn(errorFields(error), 'the list of sandboxes could not be reported to the control plane; trying again'),
  });
  const epochs = new StoreEpochs(held.epoch());
  const offeredKeys = new OfferedKeys();
  const offers = new MeshOffers(() => traffic.mesh.isWanting);
  const link = new ControlPlaneLink(bus, {
    hello: () => ({
      protocol: BUS_PROTOCOL,
      bootId,
      softwareVersion: RELEASE,
      driver: traffic.driver.name,
      mesh: traffic.mesh.state(),
      keys: trustedKeysOf(credentials),
      networks: applier.versions(),
      takesDeltas: true,
      peersRevision: admitted.heldRevision(),
      refusedFlows: traffic.refusalCounts.all(),
    }),
    ...{ acknowledgements, receiver, admitted, syncs },
    diagnose: (message) => diagnose(diagnosed, message),
    answered: ({ networks, epoch, keys: storeKeys }, to) => {
      freshness.contact();
      knowledge.contacted(networks.map(({ networkId }) => networkId));
      contactLog.answered(to);
      if (to === 'hello') inventory.report();
      const areKeysNews = offeredKeys.areNews(storeKeys, credentials);
      if (epochs.heard(epoch) || !isMeshKeyCertified || offers.heard() || areKeysNews) renewal.now();
    },
    unanswered: (error) => {
      contactLog.unanswered(error);
      offers.unanswered();
    },
  });
  traffic.onSandboxes(() => inventory.report());
  traffic.onMesh(() => link.reportSoon());

  const renewal = new Renewal(credentials, RENEWAL_PACE, {
    renew: (current, signal) => enrollment.renew(current, signal),
    renewed: async (renewed) => {
      credentials = renewed;
      traffic.mesh.setCredentials(meshCredentials(renewed, keys));
      await traffic.mesh.follow(renewed);
      if (!isMeshKeyCertified) {
        isMeshKeyCertified = true;
        link.reportSoon();
      }
      await bus.reconnect();
      const { signing, mesh, issuer } = trustedKeysOf(renewed);
      log.info({ expiresAt: renewed.expiresAt, signing, mesh, issuer }, 'credentials renewed');
    },
    failed: (error) => {
      log.warn({ expiresAt: credentials.expiresAt, ...errorFields(error) }, 'the credentials could not be renewed');
      if (!isRevocation(error)) return 'try again';
      revoked(error);
      return 'give up';
    },
    now,
  });
  // Credentials of an earlier start may contain an outdated offer of the control plane.
  if (!isMeshKeyCertified || (credentials === kept && traffic.mesh.isWanting)) renewal.now();
  const absence = new BusAbsence(() => renewal.now());
  bus.onStatus((status) => absence.heard(status));

  return {
    /**
     * Shuts down in this order: no new messages; no renewal; versions in progress are finished; no new clients, then
     * open flows and the mesh; unsent reports stay on disk; the bus last, so that answers are still sent.
     */
    async close() {
      inventory.close();
      await metrics?.close();
      await link.close();
      knowledge.close();
      await renewal.close();
      await applier.close();
      await traffic.close();
      await acknowledgements.close();
      await refusals.close();
      await Promise.all([freshness.close(), peerFiles.close()]);
      await bus.close();
      absence.close();
      ownership.release();
      log.info({ counters: counters.all() }, 'agent ended');
    },

    exiting: () => traffic.flows.resetAll(),
  };
}
