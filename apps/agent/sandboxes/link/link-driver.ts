import type { RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import { uplinkTowards } from '../../foundation/own-host.js';
import type { SandboxDriver } from '../driver.js';
import { isolationByRules } from '../firewall/isolation-by-rules.js';
import { KeptRules } from '../firewall/kept-rules.js';
import { linkRules } from '../firewall/link-rules.js';
import { listRefused } from '../firewall/refused-ports.js';
import { type SandboxInspection, seesNothing } from '../inspection/inspection.js';
import { makeForeign, makeLocal } from '../local-range.js';
import { type FileWatch, readSandboxesFile, SandboxesFileState, watchSandboxesFile } from '../sandboxes-file.js';
import { AskedLinks } from './asked-links.js';
import { HostLinks } from './host-links.js';
import { type LinkApi, serveLinkApi } from './link-api.js';
import { type ChosenLinks, type LinkEntry, parseLinkList } from './link-entry.js';
import type { LinkSettings } from './link-settings.js';
import { ProofLink } from './proof-link.js';

const LINK_PROXY_RANGE = '10.80.128.0/17';
const DNS_PORT = 53;
const DIAL_SOURCES = 64;
const TABLE = { family: 'inet', name: 'gstacks_links' } as const;

/** A link that was put by the local API cannot be served. */
class LinkRefusedError extends CodedError {}

/**
 * Serves existing interfaces, named in a YAML list or by the local API: veth, tap or macvtap, whoever made them. The
 * link identifies a connection's source, and leads to the agent only.
 */
export function createLinkDriver(settings: LinkSettings, onError: (error: unknown) => void): SandboxDriver {
  return new LinkDriver(settings, onError);
}

/** Links of the list are served as soon as they can be; a link that the local API refused has to be put again. */
function notKept({ code, message, remedy }: RefusedSandbox): LinkRefusedError {
  const afresh = code === 'LINK_MISSING' ? 'create the interface first' : remedy;
  return new LinkRefusedError(code, message, `${afresh}, and send the request again`);
}

class LinkDriver implements SandboxDriver {
  readonly name = 'link';
  readonly isolation = 'enforced';
  readonly proxyRangeDefault = LINK_PROXY_RANGE;
  readonly directory: SandboxDirectory;
  readonly inspection: SandboxInspection = {
    ...seesNothing('the driver link does not see inside a guest, which may have a kernel of its own'),
    dialForbidden: async (sandboxId, services, signal) => {
      const address = this.host.served.addressOf(sandboxId);
      if (address === null) throw new Error(`${sandboxId} is not on this host`);
      return this.proof.dial(address, this.host.served.addresses(), services, signal);
    },
  };
  private listed: ChosenLinks = { links: [], refused: [] };
  private readonly asked: AskedLinks;
  private readonly host: HostLinks;
  private proxyRange = LINK_PROXY_RANGE;
  private uplink: string | null = null;
  private readonly rules: KeptRules;
  private readonly proof: ProofLink;
  private listener = (): void => {};
  private fileWatch: FileWatch | null = null;
  private readonly file: SandboxesFileState;
  private api: LinkApi | null = null;

  constructor(
    private readonly settings: LinkSettings,
    private readonly onError: (error: unknown) => void,
  ) {
    this.file = new SandboxesFileState(onError);
    this.proof = new ProofLink(settings.agentAddress);
    this.asked = new AskedLinks(settings.keptLinks, onError);
    this.host = new HostLinks({
      wanted: () => ({ links: [...this.listed.links, ...this.asked.all()], refused: this.listed.refused }),
      agentAddress: settings.agentAddress,
      uplink: () => this.uplink,
      proxyRange: () => this.proxyRange,
      load: (links) => this.load(links),
      changed: () => this.listener(),
      onError,
    });
    this.rules = new KeptRules([TABLE], {
      failed: onError,
      changed: () => this.listener(),
      reach: () => ({
        sandboxes: this.host.served.addresses(),
        resolvers: [settings.agentAddress],
        proxyRange: this.proxyRange,
      }),
    });
    this.directory = {
      sourceOf: (remote) => this.host.served.sandboxAt(remote),
      addressOf: (sandboxId) => this.host.served.addressOf(sandboxId),
      isPaused: () => false,
    };
  }

  async start(): Promise<void> {
    const { controlPlaneUrl, sandboxesFile, apiSocket, agentAddress } = this.settings;
    this.uplink = await uplinkTowards(controlPlaneUrl);
    await makeLocal(`${agentAddress}/32`);
    if (sandboxesFile !== null) {
      this.fileWatch = watchSandboxesFile(sandboxesFile, () => this.reread(sandboxesFile), this.onError);
      this.listed = readSandboxesFile(sandboxesFile, (items) => [parseLinkList(items)])[0] ?? this.listed;
    }
    await this.asked.restore();
    await this.host.start();
    this.api = await serveLinkApi(apiSocket, {
      links: () => this.asked.all(),
      put: (entry) => this.put(entry),
      remove: (sandboxId) => this.remove(sandboxId),
    });
  }

  inventory(): readonly SandboxReport[] {
    return this.host.served.all().map(({ sandboxId, address }) => ({
      sandboxId,
      address,
      ...isolationByRules(this.rules.fault()),
      source: 'verified',
      dns: 'active',
      dnsRemedy: null,
      namespace: null,
      container: null,
      paused: false,
    }));
  }

  refused(): readonly RefusedSandbox[] {
    return [...this.file.refused(), ...this.host.refused()];
  }

  clients() {
    return this.host.served.all().map(({ sandboxId, address }) => ({ sandboxId, address }));
  }

  linkRanges(): readonly string[] {
    return [`${this.settings.agentAddress}/32`];
  }

  dnsListenAddresses(): readonly string[] {
    const { agentAddress, dnsAddress } = this.settings;
    const own = `${agentAddress}:${DNS_PORT}`;
    return dnsAddress === null ? [own] : [own, dnsAddress];
  }

  onChange(listener: () => void): void {
    this.listener = listener;
  }

  async prepareProxyRange(range: string): Promise<void> {
    await makeLocal(range);
    this.proxyRange = range;
    await this.host.settle();
  }

  dialSources(proxyRange: string): readonly string[] {
    return dialSources(proxyRange, DIAL_SOURCES);
  }

  refusedConnections() {
    return listRefused(TABLE);
  }

  checkIsolation(): Promise<void> {
    return this.rules.look();
  }

  async close(): Promise<void> {
    this.fileWatch?.close();
    this.api?.close();
    await this.host.close();
    await this.asked.close();
    await this.proof.close().catch(this.onError);
    await this.rules.close();
    if (!this.settings.removeOnExit) return;
    await this.host.served.clear().catch(this.onError);
    await this.rules.remove().catch(this.onError);
    await makeForeign(this.proxyRange);
    await makeForeign(`${this.settings.agentAddress}/32`);
  }

  private reread(path: string): void {
    const isChanged = this.file.reading(() => {
      this.listed = readSandboxesFile(path, (items) => [parseLinkList(items)])[0] ?? this.listed;
      this.host.lookAgain();
      return false;
    });
    if (isChanged) this.listener();
  }

  private async put(entry: LinkEntry): Promise<void> {
    this.uplink ??= await uplinkTowards(this.settings.controlPlaneUrl);
    this.asked.ask(entry);
    this.host.lookAt(entry.link);
    const failure = await this.host.settle();
    try {
      const refusal = this.host.refusalOf(entry);
      if (refusal !== undefined) throw notKept(refusal);
      if (failure !== null) throw failure;
      await this.asked.keep(entry);
    } catch (error) {
      this.asked.takeBack(entry);
      await this.host.settle();
      throw error;
    }
  }

  private async remove(sandboxId: SandboxId): Promise<boolean> {
    if (!this.asked.drop(sandboxId)) return false;
    const failure = await this.host.settle();
    await this.asked.write();
    if (failure !== null) throw failure;
    return true;
  }

  private load(links: readonly LinkEntry[]): Promise<void> {
    const { agentAddress, queriesPerSecond } = this.settings;
    return this.rules.load([
      linkRules({
        table: TABLE,
        links: [
          this.proof.filtered,
          ...links.map(({ link, address }) => ({
            link,
            sandboxAddress: address,
            sandboxAddress6: null,
            resolver: agentAddress,
          })),
        ],
        proxyRange: this.proxyRange,
        queriesLedTo: agentAddress,
        queriesPerSecond,
      }),
    ]);
  }
}
