import { isIPv4 } from 'node:net';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { parseObject } from '#libs/contracts/json-fields.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import type { SandboxDriver } from '../driver.js';
import { seesNothing } from '../inspection/inspection.js';
import { type FileWatch, readSandboxesFile, SandboxesFileState, watchSandboxesFile } from '../sandboxes-file.js';
import type { StaticSettings } from './static-settings.js';

/** An address outside this machine, where any process may use it; it is accepted only if the operator says so. */
export class AddressNotTrustedError extends CodedError {}

export interface StaticSandbox {
  readonly sandboxId: SandboxId;
  readonly address: string;
}

export const STATIC_PROXY_RANGE = '127.77.0.0/16';
const DIAL_SOURCES = 64;

/**
 * Sandboxes from a YAML file of ids and addresses. Needs no privileges and verifies nothing: any process of the machine
 * may bind a loopback address.
 */
export function createStaticDriver(settings: StaticSettings, onError: (error: unknown) => void): SandboxDriver {
  return new StaticDriver(settings, onError);
}

/** Parses the items of the file; throws InvalidInputError, AddressNotTrustedError. */
export function parseStaticSandboxes(items: readonly unknown[], trustAddresses: boolean): readonly StaticSandbox[] {
  const sandboxes = items.map((item, index) => parseStaticSandbox(item, `[${index}]`, trustAddresses));
  for (const key of ['sandboxId', 'address'] as const) {
    const values = sandboxes.map((sandbox) => sandbox[key]);
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice !== undefined) throw new InvalidInputError(key, twice, `each ${key} once`);
  }
  return sandboxes;
}

function parseStaticSandbox(item: unknown, field: string, trustAddresses: boolean): StaticSandbox {
  const { id, address } = parseObject(item, field);
  if (typeof address !== 'string' || !isIPv4(address)) {
    throw new InvalidInputError(`${field}.address`, address, 'an IPv4 address such as 127.0.0.11');
  }
  if (!address.startsWith('127.') && !trustAddresses) {
    throw new AddressNotTrustedError(
      'ADDRESS_NOT_TRUSTED',
      `${field}.address: ${address} is not a loopback address; the driver static cannot tell who uses such an address`,
      "use 127.0.0.0/8 or the driver netns; if nobody on that network can use another's address, set " +
        'GLOBALSTACKS_AGENT_TRUST_ADDRESSES=true',
    );
  }
  return { sandboxId: parseSandboxId(id, `${field}.id`), address };
}

class StaticDriver implements SandboxDriver {
  readonly name = 'static';
  readonly isolation = 'advisory';
  readonly proxyRangeDefault = STATIC_PROXY_RANGE;
  readonly directory: SandboxDirectory;
  readonly inspection = seesNothing('the driver static isolates nothing, and does not see inside a sandbox');
  private byAddress = new Map<string, SandboxId>();
  private bySandbox = new Map<SandboxId, string>();
  private listener = (): void => {};
  private watcher: FileWatch | null = null;
  private readonly file: SandboxesFileState;

  constructor(
    private readonly settings: StaticSettings,
    private readonly onError: (error: unknown) => void,
  ) {
    this.file = new SandboxesFileState(onError);
    this.directory = {
      sourceOf: (remoteAddress) => this.byAddress.get(remoteAddress) ?? null,
      addressOf: (sandboxId) => this.bySandbox.get(sandboxId) ?? null,
      isPaused: () => false,
    };
  }

  async start(): Promise<void> {
    this.watcher = watchSandboxesFile(this.settings.sandboxesFile, () => this.reread(), this.onError);
    this.read();
  }

  inventory(): readonly SandboxReport[] {
    const { dnsAddress } = this.settings;
    return [...this.bySandbox].map(([sandboxId, address]) => ({
      sandboxId,
      address,
      isolation: this.isolation,
      isolationEvidence: 'any process on the host may bind this address',
      isolationRemedy: 'use the driver docker or netns',
      source: 'unverified',
      dns: 'unknown',
      dnsRemedy: `set its resolver to ${dnsAddress}, and bind its connections to the source address ${address}`,
      namespace: null,
      container: null,
      paused: false,
    }));
  }

  refused() {
    return this.file.refused();
  }

  clients() {
    return [...this.bySandbox].map(([sandboxId, address]) => ({ sandboxId, address }));
  }

  linkRanges(): readonly string[] {
    // Sandboxes have loopback addresses, or those that the operator lists.
    return [];
  }

  dnsListenAddresses(): readonly string[] {
    return [this.settings.dnsAddress];
  }

  onChange(listener: () => void): void {
    this.listener = listener;
  }

  dialSources(proxyRange: string): readonly string[] {
    // Another range is routed by the operator, and answers may not find the way back.
    return proxyRange.startsWith('127.') ? dialSources(proxyRange, DIAL_SOURCES) : [];
  }

  async refusedConnections() {
    return [];
  }

  async checkIsolation(): Promise<void> {
    // There are no rules to check.
  }

  async prepareProxyRange(): Promise<void> {
    // All of 127.0.0.0/8 is local already; the operator routes any other range.
  }

  async close(): Promise<void> {
    this.watcher?.close();
  }

  private reread(): void {
    if (this.file.reading(() => this.read())) this.listener();
  }

  private read(): boolean {
    const sandboxes = readSandboxesFile(this.settings.sandboxesFile, (items) =>
      parseStaticSandboxes(items, this.settings.trustAddresses),
    );
    const same =
      sandboxes.length === this.bySandbox.size &&
      sandboxes.every(({ sandboxId, address }) => this.bySandbox.get(sandboxId) === address);
    if (same) return false;
    this.bySandbox = new Map(sandboxes.map(({ sandboxId, address }) => [sandboxId, address]));
    this.byAddress = new Map(sandboxes.map(({ sandboxId, address }) => [address, sandboxId]));
    return true;
  }
}
