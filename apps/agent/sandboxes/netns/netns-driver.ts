import { Turns } from '#libs/async/turns.js';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { parseObject } from '#libs/contracts/json-fields.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import { type AddressRange, parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import type { SandboxDriver } from '../driver.js';
import { isolationByRules } from '../firewall/isolation-by-rules.js';
import { KeptRules } from '../firewall/kept-rules.js';
import { linkRules } from '../firewall/link-rules.js';
import { listRefused } from '../firewall/refused-ports.js';
import type { SandboxReach } from '../firewall/strays.js';
import type { TableName } from '../firewall/table-rules.js';
import { inspectNamespaces, type NamespaceInside } from '../inspection/namespace-inspection.js';
import { makeForeign, makeLocal } from '../local-range.js';
import { type FileWatch, readSandboxesFile, SandboxesFileState, watchSandboxesFile } from '../sandboxes-file.js';
import { chooseLinks } from './choose-links.js';
import { type Link, linkIndexOf, linkRange6 } from './link-addresses.js';
import { interfaceName, namespaceName, tableName } from './namespace-names.js';
import {
  cleanNamespaces,
  ensureNamespace,
  hostAddresses,
  listNamespaces,
  pidsIn,
  removeNamespace,
  resolverConfigOf,
} from './namespaces.js';
import type { NetnsSettings } from './netns-settings.js';

/** No link is left in the range. */
export class SandboxRangeExhaustedError extends CodedError {}

export const NETNS_PROXY_RANGE = '10.77.0.0/16';
const DNS_PORT = 53;
const DIAL_SOURCES = 64;
const RETRY_MS = 5_000;

interface PlacedSandbox {
  readonly sandboxId: SandboxId;
  readonly namespace: string;
  readonly link: Link;
}

/** The ids of the file's items; their other members are for whoever starts processes. Throws InvalidInputError. */
export function parseNamespaceSandboxes(items: readonly unknown[]): readonly SandboxId[] {
  const ids = items.map((item, index) => parseSandboxId(parseObject(item, `[${index}]`).id, `[${index}].id`));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new InvalidInputError('id', twice, 'each id once');
  return ids;
}

/**
 * A network namespace and a veth pair for each sandbox in a YAML file. The link identifies a connection's source, and
 * nothing is forwarded between links or from outside into them.
 */
export function createNetnsDriver(settings: NetnsSettings, onError: (error: unknown) => void): SandboxDriver {
  return new NetnsDriver(settings, onError);
}

class NetnsDriver implements SandboxDriver {
  readonly name = 'netns';
  readonly isolation = 'enforced';
  readonly proxyRangeDefault = NETNS_PROXY_RANGE;
  readonly directory: SandboxDirectory;
  readonly inspection = inspectNamespaces((sandboxId) => this.insideOf(sandboxId));
  private readonly table: TableName;
  private readonly range: AddressRange;
  private readonly range6: string;
  private placed = new Map<SandboxId, PlacedSandbox>();
  private byAddress = new Map<string, PlacedSandbox>();
  private desired: readonly SandboxId[] = [];
  private proxyRange = NETNS_PROXY_RANGE;
  /** By namespace: the links of all sandboxes in the file. */
  private links: ReadonlyMap<string, Link> = new Map();
  private readonly rules: KeptRules;
  private listener = (): void => {};
  private watcher: FileWatch | null = null;
  private readonly file: SandboxesFileState;
  private retry: NodeJS.Timeout | null = null;
  /** The error of the last sandbox that could not be set up. */
  private failure: unknown = null;
  private readonly turns = new Turns();
  private closing = false;

  constructor(
    private readonly settings: NetnsSettings,
    private readonly onError: (error: unknown) => void,
  ) {
    this.file = new SandboxesFileState(onError);
    this.range = parseAddressRange(settings.sandboxRange, 'GLOBALSTACKS_AGENT_SANDBOX_RANGE');
    this.range6 = linkRange6(settings.namespacePrefix);
    this.table = { family: 'inet', name: tableName(settings.namespacePrefix) };
    this.rules = new KeptRules([this.table], {
      failed: onError,
      changed: () => this.listener(),
      reach: () => this.reach(),
    });
    this.directory = {
      sourceOf: (remote, local) => this.sourceOf(remote, local),
      addressOf: (sandboxId) => this.placed.get(sandboxId)?.link.sandboxAddress ?? null,
      isPaused: () => false,
    };
  }

  async start(): Promise<void> {
    this.watcher = watchSandboxesFile(this.settings.sandboxesFile, () => this.reread(), this.onError);
    this.desired = this.read();
    await this.turns.take(() => this.reconcile());
    if (this.placed.size === 0 && this.desired.length > 0) throw this.failure;
  }

  inventory(): readonly SandboxReport[] {
    return [...this.placed.values()].map(({ sandboxId, namespace, link }) => ({
      sandboxId,
      address: link.sandboxAddress,
      ...isolationByRules(this.rules.fault()),
      source: 'verified',
      dns: 'active',
      dnsRemedy: null,
      namespace,
      container: null,
      paused: false,
    }));
  }

  refused() {
    return this.file.refused();
  }

  clients() {
    return [...this.placed.values()].map(({ sandboxId, link }) => ({ sandboxId, address: link.sandboxAddress }));
  }

  linkRanges(): readonly string[] {
    return [this.range.text, this.range6];
  }

  dnsListenAddresses(): readonly string[] {
    const { dnsAddress } = this.settings;
    const onLinks = [...this.placed.values()].map(({ link }) => `${link.agentAddress}:${DNS_PORT}`);
    return dnsAddress === null ? onLinks : [...onLinks, dnsAddress];
  }

  onChange(listener: () => void): void {
    this.listener = listener;
  }

  async prepareProxyRange(range: string): Promise<void> {
    await makeLocal(range);
    this.proxyRange = range;
    await this.loadRules();
  }

  dialSources(proxyRange: string): readonly string[] {
    return dialSources(proxyRange, DIAL_SOURCES);
  }

  refusedConnections() {
    return listRefused(this.table);
  }

  checkIsolation(): Promise<void> {
    return this.rules.look();
  }

  async close(): Promise<void> {
    this.closing = true;
    this.watcher?.close();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.turns.idle();
    await this.rules.close();
    if (!this.settings.removeOnExit) return;
    await cleanNamespaces(this.settings.namespacePrefix);
    await this.rules.remove().catch(this.onError);
    await makeForeign(this.proxyRange);
  }

  /**
   * The agent's address on a link counts only for packets from that link: a packet to another link's address is not
   * from its sandbox.
   */
  private sourceOf(remote: string, local: string): SandboxId | null {
    const sandbox = this.byAddress.get(remote);
    if (sandbox === undefined) return null;
    const onSomeLink = linkIndexOf(this.range, local);
    return onSomeLink === null || onSomeLink === sandbox.link.index ? sandbox.sandboxId : null;
  }

  private insideOf(sandboxId: SandboxId): NamespaceInside | null {
    const sandbox = this.placed.get(sandboxId);
    if (sandbox === undefined) return null;
    const { namespace, link } = sandbox;
    return {
      enter: ['ip', 'netns', 'exec', namespace],
      agentResolver: link.agentAddress,
      hostAddress6: link.agentAddress6,
      resolverConfig: resolverConfigOf(namespace),
      pids: (signal) => pidsIn(namespace, signal),
      neighbours: [...this.placed.values()]
        .filter((other) => other !== sandbox)
        .flatMap((other) => [other.link.sandboxAddress, other.link.sandboxAddress6]),
    };
  }

  private read(): readonly SandboxId[] {
    return readSandboxesFile(this.settings.sandboxesFile, parseNamespaceSandboxes);
  }

  private reread(): void {
    const isChanged = this.file.reading(() => {
      this.desired = this.read();
      this.reconcileSoon();
      return false;
    });
    if (isChanged) this.listener();
  }

  private reconcileSoon(): void {
    void this.turns.take(async () => {
      if (this.closing) return;
      const before = JSON.stringify(this.inventory());
      await this.reconcile().catch(this.onError);
      if (JSON.stringify(this.inventory()) !== before) this.listener();
    });
  }

  /**
   * Removes stale namespaces, adopts existing ones, and makes missing ones. One that fails does not stop the others.
   */
  private async reconcile(): Promise<void> {
    const { namespacePrefix } = this.settings;
    const wanted = new Map(this.desired.map((id) => [namespaceName(namespacePrefix, id), id]));
    const present = await listNamespaces(namespacePrefix);
    for (const namespace of present) {
      if (wanted.has(namespace)) continue;
      this.setPlaced([...this.placed.values()].filter((sandbox) => sandbox.namespace !== namespace));
      await removeNamespace(namespace);
    }
    const addresses = await hostAddresses();
    this.links = chooseLinks(this.range, this.range6, [...wanted.keys()], addresses);
    const isWhole = (sandbox: PlacedSandbox) =>
      present.includes(sandbox.namespace) &&
      addresses.some(
        ({ link, address }) => link === interfaceName(sandbox.namespace) && address === sandbox.link.agentAddress,
      );
    const whole = new Map([...this.placed.values()].filter(isWhole).map((sandbox) => [sandbox.sandboxId, sandbox]));
    // The rules come before the first link is up.
    await this.loadRules();
    const placed: PlacedSandbox[] = [];
    this.failure = null;
    for (const [namespace, sandboxId] of wanted) {
      try {
        const link = this.links.get(namespace);
        if (link === undefined) throw this.exhausted(sandboxId);
        // Each costs several programs, so a namespace that this process made and that still exists is left alone.
        if (whole.get(sandboxId)?.link.index !== link.index) await ensureNamespace(namespace, link);
        placed.push({ sandboxId, namespace, link });
      } catch (error) {
        this.failure = error;
        this.onError(error);
      }
    }
    this.setPlaced(placed);
    if (this.failure !== null) this.retryLater();
  }

  private reach(): SandboxReach {
    const links = [...this.links.values()];
    return {
      sandboxes: links.flatMap(({ sandboxAddress, sandboxAddress6 }) => [sandboxAddress, sandboxAddress6]),
      resolvers: links.map(({ agentAddress }) => agentAddress),
      proxyRange: this.proxyRange,
    };
  }

  private loadRules(): Promise<void> {
    const links = [...this.links].map(([namespace, link]) => ({
      link: interfaceName(namespace),
      sandboxAddress: link.sandboxAddress,
      sandboxAddress6: link.sandboxAddress6,
      resolver: link.agentAddress,
    }));
    const { queriesPerSecond } = this.settings;
    return this.rules.load([
      linkRules({ table: this.table, links, proxyRange: this.proxyRange, queriesLedTo: null, queriesPerSecond }),
    ]);
  }

  private setPlaced(placed: readonly PlacedSandbox[]): void {
    this.placed = new Map(placed.map((sandbox) => [sandbox.sandboxId, sandbox]));
    this.byAddress = new Map(placed.map((sandbox) => [sandbox.link.sandboxAddress, sandbox]));
  }

  private retryLater(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = setTimeout(() => this.reconcileSoon(), RETRY_MS);
  }

  private exhausted(sandboxId: SandboxId): SandboxRangeExhaustedError {
    return new SandboxRangeExhaustedError(
      'SANDBOX_RANGE_EXHAUSTED',
      `no link addresses are free in ${this.range.text} for sandbox ${sandboxId}`,
      'give GLOBALSTACKS_AGENT_SANDBOX_RANGE a larger range',
    );
  }
}
