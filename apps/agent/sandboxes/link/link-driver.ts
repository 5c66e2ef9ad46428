import type { Server } from 'node:http';
import { Turns } from '#libs/async/turns.js';
import type { RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import type { SandboxDriver } from '../driver.js';
import { isolationByRules } from '../firewall/isolation-by-rules.js';
import { KeptRules } from '../firewall/kept-rules.js';
import { linkRules } from '../firewall/link-rules.js';
import { type SandboxInspection, seesNothing } from '../inspection/inspection.js';
import { ipEach } from '../ip-command.js';
import { isInRange, makeForeign, makeLocal } from '../local-range.js';
import { type FileWatch, readSandboxesFile, watchSandboxesFile } from '../sandboxes-file.js';
import { AskedLinks } from './asked-links.js';
import { hostInterfaces, watchInterfaces } from './host-interfaces.js';
import { serveLinkApi } from './link-api.js';
import { type ChosenLinks, chooseLinks, type LinkEntry, parseLinkList } from './link-entry.js';
import type { LinkSettings } from './link-settings.js';
import { ProofLink } from './proof-link.js';

const LINK_PROXY_RANGE = '10.80.128.0/17';
const DNS_PORT = 53;
const DIAL_SOURCES = 64;
const RETRY_MS = 1_000;
const TABLE = { family: 'inet', name: 'gstacks_links' } as const;

/** A link that the local API was asked to serve cannot be served. */
class LinkRefusedError extends CodedError {}

interface ServedLink extends LinkEntry {
  /** Of the interface: another one has the same name when it was made anew. */
  readonly index: number;
}

/**
 * Interfaces that exist, named by a YAML list or by the local API: veth, tap or macvtap, whatever made them. The link
 * tells who a connection is from, and leads to the agent and nowhere else.
 */
export function createLinkDriver(settings: LinkSettings, onError: (error: unknown) => void): SandboxDriver {
  return new LinkDriver(settings, onError);
}

class LinkDriver implements SandboxDriver {
  readonly name = 'link';
  readonly isolation = 'enforced';
  readonly proxyRangeDefault = LINK_PROXY_RANGE;
  readonly directory: SandboxDirectory;
  readonly inspection: SandboxInspection = {
    ...seesNothing('the driver link does not see inside a guest, which may have a kernel of its own'),
    dialForbidden: async (sandboxId, services, signal) => {
      const address = this.served.get(sandboxId)?.address;
      if (address === undefined) throw new Error(`${sandboxId} is not on this host`);
      return this.proof.dial(address, [...this.byAddress.keys()], services, signal);
    },
  };
  private listed: ChosenLinks = { links: [], refused: [] };
  private readonly asked: AskedLinks;
  private served = new Map<SandboxId, ServedLink>();
  private byAddress = new Map<string, SandboxId>();
  private refusals: readonly RefusedSandbox[] = [];
  private proxyRange = LINK_PROXY_RANGE;
  private readonly rules: KeptRules;
  private readonly proof: ProofLink;
  private listener = (): void => {};
  private fileWatch: FileWatch | null = null;
  private interfaceWatch: { close(): void } | null = null;
  private api: Server | null = null;
  private readonly turns = new Turns();
  private next: Promise<void> | null = null;
  private retry: NodeJS.Timeout | null = null;
  private closing = false;

  constructor(
    private readonly settings: LinkSettings,
    private readonly onError: (error: unknown) => void,
  ) {
    this.proof = new ProofLink(settings.agentAddress);
    this.asked = new AskedLinks(settings.keptLinks, onError);
    this.rules = new KeptRules([TABLE], {
      failed: onError,
      changed: () => this.listener(),
      reach: () => ({
        sandboxes: [...this.byAddress.keys()],
        resolvers: [settings.agentAddress],
        proxyRange: this.proxyRange,
      }),
    });
    this.directory = {
      sourceOf: (remote) => this.byAddress.get(remote) ?? null,
      addressOf: (sandboxId) => this.served.get(sandboxId)?.address ?? null,
      isPaused: () => false,
    };
  }

  async start(): Promise<void> {
    const { sandboxesFile, apiSocket, agentAddress } = this.settings;
    await makeLocal(`${agentAddress}/32`);
    if (sandboxesFile !== null) {
      this.fileWatch = watchSandboxesFile(sandboxesFile, () => this.reread(sandboxesFile), this.onError);
      this.listed = readSandboxesFile(sandboxesFile, (items) => [parseLinkList(items)])[0] ?? this.listed;
    }
    await this.asked.restore();
    await this.turns.take(() => this.reconcile());
    this.interfaceWatch = watchInterfaces(() => this.reconcileSoon(), this.onError);
    this.api = await serveLinkApi(apiSocket, {
      links: () => this.asked.all(),
      put: (entry) => this.put(entry),
      remove: (sandboxId) => this.remove(sandboxId),
    });
  }

  inventory(): readonly SandboxReport[] {
    return [...this.served.values()].map(({ sandboxId, address }) => ({
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
    return this.refusals;
  }

  clients() {
    return [...this.served.values()].map(({ sandboxId, address }) => ({ sandboxId, address }));
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
    await this.reconcileSoon();
  }

  dialSources(proxyRange: string): readonly string[] {
    return dialSources(proxyRange, DIAL_SOURCES);
  }

  checkIsolation(): Promise<void> {
    return this.rules.look();
  }

  async close(): Promise<void> {
    this.closing = true;
    this.fileWatch?.close();
    this.interfaceWatch?.close();
    this.api?.close();
    this.api?.closeAllConnections();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.turns.idle();
    await this.asked.close();
    await this.proof.close().catch(this.onError);
    await this.rules.close();
    if (!this.settings.removeOnExit) return;
    await unroute([...this.served.values()]).catch(this.onError);
    await this.rules.remove().catch(this.onError);
    await makeForeign(this.proxyRange);
    await makeForeign(`${this.settings.agentAddress}/32`);
  }

  private reread(path: string): void {
    try {
      this.listed = readSandboxesFile(path, (items) => [parseLinkList(items)])[0] ?? this.listed;
    } catch (error) {
      this.onError(error);
      return;
    }
    void this.reconcileSoon();
  }

  private async put(entry: LinkEntry): Promise<void> {
    const undo = this.asked.set(entry);
    await this.reconcileSoon();
    const refusal = this.refusals.find(({ sandboxId, name }) => sandboxId === entry.sandboxId && name === entry.link);
    if (refusal !== undefined) {
      undo();
      void this.reconcileSoon();
      throw new LinkRefusedError(refusal.code, refusal.message, refusal.remedy);
    }
    await this.asked.save();
  }

  private async remove(sandboxId: SandboxId): Promise<boolean> {
    if (!this.asked.delete(sandboxId)) return false;
    await this.reconcileSoon();
    await this.asked.save();
    return true;
  }

  /** Resolves when the host is as it was asked at this call, or later. Changes of one moment go together. */
  private reconcileSoon(): Promise<void> {
    if (this.next !== null) return this.next;
    this.next = this.turns.take(async () => {
      this.next = null;
      if (this.closing) return;
      try {
        await this.reconcile();
      } catch (error) {
        this.onError(error);
        this.retry ??= setTimeout(() => {
          this.retry = null;
          void this.reconcileSoon();
        }, RETRY_MS);
      }
    });
    return this.next;
  }

  private async reconcile(): Promise<void> {
    const before = JSON.stringify([this.inventory(), this.refusals]);
    const interfaces = await hostInterfaces();
    const chosen = chooseLinks([...this.listed.links, ...this.asked.all()], {
      interfaces,
      agentAddress: this.settings.agentAddress,
      isProxy: isInRange(this.proxyRange),
    });
    const served = chosen.links.map((entry) => ({ ...entry, index: interfaces.get(entry.link)?.index ?? 0 }));
    await this.load(chosen.links);
    const kept = new Set(served.map(keyOf));
    await unroute([...this.served.values()].filter((link) => !kept.has(keyOf(link))));
    const present = new Set([...this.served.values()].map(keyOf));
    const refused = [...this.listed.refused, ...chosen.refused];
    const added = served.filter((link) => !present.has(keyOf(link)));
    const failures = await ipEach(added.map(({ address, link }) => `route replace ${address}/32 dev ${link}`));
    const unrouted = new Map([...failures].map(([place, answer]) => [added[place], answer]));
    for (const [link, answer] of unrouted) if (link !== undefined) refused.push(notRouted(link, answer));
    const routed = served.filter((link) => !unrouted.has(link));
    this.served = new Map(routed.map((link) => [link.sandboxId, link]));
    this.byAddress = new Map(routed.map(({ address, sandboxId }) => [address, sandboxId]));
    this.refusals = refused;
    if (JSON.stringify([this.inventory(), this.refusals]) !== before) this.listener();
  }

  private load(links: readonly LinkEntry[]): Promise<void> {
    const { agentAddress } = this.settings;
    return this.rules.load(
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
      }),
    );
  }
}

/** The kernel takes a route away with its interface: one that is gone is no failure. */
async function unroute(links: readonly LinkEntry[]): Promise<void> {
  await ipEach(links.map(({ address, link }) => `route del ${address}/32 dev ${link}`));
}

function keyOf({ sandboxId, link, address, index }: ServedLink): string {
  return [sandboxId, link, address, index].join(' ');
}

function notRouted({ sandboxId, link }: LinkEntry, answer: string): RefusedSandbox {
  return {
    name: link,
    sandboxId,
    code: 'LINK_NOT_ROUTED',
    message: `${sandboxId}: ${answer}`,
    remedy: `ip link set ${link} up`,
  };
}
