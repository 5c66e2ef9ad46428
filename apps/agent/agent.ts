import { randomInt, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import { meshCredentials } from '#libs/member/credentials.js';
import { Renewal } from '#libs/member/renewal.js';
import { systemClock } from './contact/boot-clock.js';
import { openFreshness } from './contact/freshness.js';
import { ControlPlaneLink } from './control-plane-link.js';
import { diagnosedAgent } from './diagnostics/diagnosed-agent.js';
import { diagnose } from './diagnostics/diagnostics.js';
import { Enrollment } from './enrollment/enrollment.js';
import { openIdentityKeys } from './enrollment/identity-keys.js';
import { Counters } from './foundation/counters.js';
import { type AgentLog, errorFields } from './foundation/log.js';
import { SOFTWARE_VERSION } from './foundation/software-version.js';
import { AdmittedLocalNodes } from './mesh/admitted-local-nodes.js';
import { KnownPeers } from './mesh/known-peers.js';
import type { AgentSettings } from './settings.js';
import { Acknowledgements } from './topology/acknowledgements.js';
import { Applier } from './topology/applier.js';
import { reportApplier } from './topology/applier-log.js';
import { LastGoodFiles } from './topology/last-good.js';
import { Refusals } from './topology/refusals.js';
import { Settling } from './topology/settling.js';
import { openTraffic } from './traffic/traffic.js';

export interface RunningAgent {
  close(): Promise<void>;
}

const RENEWAL_PACE = { lookEveryMs: 10_000, firstRetryMs: 5_000, longestRetryMs: 60_000 };

/**
 * Starts an agent: keys and credentials, sandboxes and traffic, what was last good, and then the control plane,
 * which it serves without until it answers. `starting` ends the wait for an enrolment.
 */
export async function startAgent(settings: AgentSettings, log: AgentLog, starting: AbortSignal): Promise<RunningAgent> {
  const now = () => new Date();
  const inState = (name: string) => join(settings.stateFolder, name);
  const counters = new Counters();
  const linked = Promise.withResolvers<ControlPlaneLink>();
  await mkdir(settings.stateFolder, { recursive: true, mode: 0o700 });

  const keys = openIdentityKeys(inState('identity'));
  const enrollment = new Enrollment(
    { ...settings, folder: inState('identity') },
    { keys, now, report: ({ kind, error }) => log.warn(errorFields(error), `enrolment: ${kind}`) },
  );
  let credentials = await enrollment.current(starting);
  const { agentId } = credentials;

  const freshness = await openFreshness(inState('contact.json'), systemClock(), (error) =>
    log.error(errorFields(error), 'last contact not kept'),
  );
  const traffic = await openTraffic(settings, {
    agentId,
    credentials: meshCredentials(credentials, keys),
    offeredMesh: credentials,
    requestMeshKey: (signal) => enrollment.meshKey(signal),
    admitsLocal: (networkId, source) => localNodes.admits(networkId, source),
    isFresh: (networkId) => {
      const held = applier.held(networkId);
      return held !== null && freshness.isWithin(held.snapshot.maxStalenessSeconds);
    },
    requestSync: (networkId, version) => void linked.promise.then((link) => link.askForVersion(networkId, version)),
    log,
    now,
  });
  const peers = new KnownPeers(inState('peers.json'), agentId, traffic.mesh.member, (error) =>
    log.error(errorFields(error), 'peers not kept'),
  );
  await peers.restore(now());
  const localNodes = new AdmittedLocalNodes(
    inState('local-nodes.json'),
    traffic.mesh.member,
    () => {
      const flowsCut = traffic.flows.localNodesChanged();
      if (flowsCut.length > 0) log.info({ flowsCut }, 'flows of local nodes that are not admitted any more are cut');
    },
    (error) => log.error(errorFields(error), 'admitted local nodes not kept'),
  );
  await localNodes.restore(now());

  const acknowledgements = new Acknowledgements({
    deliver: async (message, signal) => (await linked.promise).deliverApplied(message, signal),
    failed: ({ networkId, to }, error) => log.warn({ networkId, to, ...errorFields(error) }, 'not acknowledged yet'),
  });
  const refusals = new Refusals(
    async (message, signal) => (await linked.promise).deliverApplied(message, signal),
    ({ networkId, to }, error) => log.warn({ networkId, to, ...errorFields(error) }, 'refusal not reported'),
  );
  const store = new LastGoodFiles(inState('networks'));
  const applier = new Applier({
    flows: traffic.flows,
    settling: new Settling({
      agentId,
      addresses: traffic.addresses,
      listeners: traffic.listeners,
      publishNames: (networkId, names) => traffic.zone.publish(networkId, names),
    }),
    store,
    acknowledgements,
    now,
    later: (work, delayMs) => {
      const timer = setTimeout(work, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
    report: (event) => reportApplier(log, event),
  });
  const receiver = new TopologyReceiver({
    recipient: agentId,
    topologyKey: () => credentials.snapshotPublicKey,
    applier,
    acknowledgeAgain: (networkId) => acknowledgements.repeat(networkId),
    reportRefusal: (message) => refusals.report(message),
    counted: (status, code) => {
      if (status !== 'received') {
        counters.add(`topology ${status} ${code}`, (count) => log.warn({ status, code, count }, 'topology not taken'));
      }
    },
    now,
  });
  await restore();
  traffic.acceptPeers();

  const bootId = randomUUID();
  const hello = (): HelloMessage => ({
    protocol: BUS_PROTOCOL,
    bootId,
    softwareVersion: SOFTWARE_VERSION,
    driver: traffic.driver.name,
    mesh: traffic.mesh.state(),
    networks: applier.versions(),
  });
  const diagnosed = diagnosedAgent({
    ...{ agentId, traffic, applier, peers, now },
    certificate: () => credentials.certificate,
    newQueryId: () => randomInt(65_536),
  });
  const link = new ControlPlaneLink({
    agentId,
    bootId,
    credentials: () => credentials,
    nkeySeed: keys.nkeySeed,
    hello,
    driver: traffic.driver,
    held: (networkId) => applier.held(networkId),
    heldNetworks: () => applier.heldNetworks(),
    acknowledgements,
    receiver,
    peers,
    localNodes,
    diagnose: (message) => diagnose(diagnosed, message),
    inContact: () => freshness.contact(),
    cutOff: () => renewal.now(),
    counters,
    log,
    now,
  });
  linked.resolve(link);
  traffic.onSandboxes(() => link.reportSandboxes());
  traffic.onMesh(() => link.reportSoon());
  const renewal = new Renewal(credentials, RENEWAL_PACE, {
    renew: (current, signal) => enrollment.renew(current, signal),
    renewed: async (renewed) => {
      const { meshTransport, meshControlUrl } = renewed;
      if (meshTransport !== credentials.meshTransport || meshControlUrl !== credentials.meshControlUrl) {
        log.warn({ meshTransport, meshControlUrl }, 'the control plane names another mesh: start this agent again');
      }
      credentials = renewed;
      traffic.mesh.member?.setCredentials(meshCredentials(renewed, keys));
      await link.reconnect();
      log.info({ expiresAt: renewed.expiresAt }, 'credentials renewed');
    },
    failed: (error) => {
      log.warn({ expiresAt: credentials.expiresAt, ...errorFields(error) }, 'credentials not renewed');
      return 'try again';
    },
    now,
  });

  async function restore(): Promise<void> {
    const { networks, corrupt } = await store.load(now());
    for (const file of corrupt) {
      counters.add('last-good corrupt', () => {});
      log.error(file, 'a last-good file cannot be used; the control plane sends that network again');
    }
    for (const { held, unanswered } of networks) {
      // First what is still to be told: the file, written again, holds it too.
      for (const message of unanswered) acknowledgements.add(message);
      await applier.restore(held);
      const { networkId, name, version } = held.snapshot;
      const contactSeconds = Math.round(freshness.secondsSinceContact());
      log.info({ networkId, network: name, version, contactSeconds }, 'serving from last-good, before any contact');
    }
  }

  return {
    /**
     * The order of shutting down: no new messages; no renewal; versions under way done; no new clients, then open
     * flows and the mesh; what is left to tell stays on disk; the bus last, so that answers still go out.
     */
    async close() {
      await link.stop();
      await renewal.close();
      await applier.close();
      await traffic.close();
      await acknowledgements.close();
      await refusals.close();
      await Promise.all([freshness.close(), peers.close(), localNodes.close()]);
      await link.close();
      log.info({ counters: counters.all() }, 'agent ended');
    },
  };
}
