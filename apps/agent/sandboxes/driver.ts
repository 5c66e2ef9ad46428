import type { RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import type { RefusedConnections } from './firewall/refused-ports.js';
import type { SandboxInspection } from './inspection/inspection.js';

/** An address from which DNS queries of a sandbox come. */
export interface SandboxClient {
  readonly address: string;
  readonly sandboxId: SandboxId;
}

/** The source of a host's sandboxes, and what the host can guarantee about them. */
export interface SandboxDriver {
  /** Its name in GLOBALSTACKS_AGENT_DRIVER. */
  readonly name: string;
  readonly isolation: 'enforced' | 'advisory';
  /** The proxy range if the settings name none. */
  readonly proxyRangeDefault: string;
  /** Answers by what the driver sees at the time of the call. */
  readonly directory: SandboxDirectory;
  /** How diagnostics look inside a sandbox; `seesNothing` if they cannot. */
  readonly inspection: SandboxInspection;
  /**
   * Reads the host for the first time. Errors are CodedErrors: the agent cannot run with this driver and its settings.
   */
  start(): Promise<void>;
  inventory(): readonly SandboxReport[];
  /** Sandboxes that the driver was asked to take and cannot take as they are. */
  refused(): readonly RefusedSandbox[];
  clients(): readonly SandboxClient[];
  /** CIDR ranges of the addresses of sandboxes' links, as far as they are known in advance. */
  linkRanges(): readonly string[];
  /** `address:port` of each DNS listener that sandboxes can reach. */
  dnsListenAddresses(): readonly string[];
  /** Sets the listener that is called after each change of the above. Call it once, before start. */
  onChange(listener: () => void): void;
  /** Checks now whether the isolation rules are in force, and repairs them; `inventory` shows the result. */
  checkIsolation(): Promise<void>;
  /**
   * Recent connections of sandboxes to proxy addresses that the kernel refused, because nothing listens on the port.
   * Empty for drivers without rules. Errors: CodedErrors of the command that lists them.
   */
  refusedConnections(): Promise<readonly RefusedConnections[]>;
  /** Makes the range local to this host if it is not, so that proxies can bind its addresses. */
  prepareProxyRange(range: string): Promise<void>;
  /**
   * The addresses of this prepared range from which connections to sandboxes come in turn, each with its own ports.
   * Empty: the kernel chooses.
   */
  dialSources(proxyRange: string): readonly string[];
  close(): Promise<void>;
}
