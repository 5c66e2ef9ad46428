import type { RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SandboxDirectory } from '#libs/data-plane/data-plane.js';
import type { RefusedConnections } from './firewall/refused-ports.js';
import type { SandboxInspection } from './inspection/inspection.js';

/** An address that DNS queries of a sandbox come from. */
export interface SandboxClient {
  readonly address: string;
  readonly sandboxId: SandboxId;
}

/** Where the sandboxes of a host come from, and what the host can promise about them. */
export interface SandboxDriver {
  /** As GLOBALSTACKS_AGENT_DRIVER names it. */
  readonly name: string;
  readonly isolation: 'enforced' | 'advisory';
  /** Where proxies listen unless the settings say otherwise. */
  readonly proxyRangeDefault: string;
  /** Answers from what the driver sees at the moment of the call. */
  readonly directory: SandboxDirectory;
  /** How diagnostics look inside a sandbox; `seesNothing` where there is no way. */
  readonly inspection: SandboxInspection;
  /** First look at the host. Errors are CodedErrors: the agent cannot run with this driver as it is set. */
  start(): Promise<void>;
  inventory(): readonly SandboxReport[];
  /** What the driver was asked to take for a sandbox, and cannot as it is. */
  refused(): readonly RefusedSandbox[];
  clients(): readonly SandboxClient[];
  /** Ranges in CIDR form that links of sandboxes have their addresses from, as far as they are known before. */
  linkRanges(): readonly string[];
  /** `address:port` of each DNS listener the sandboxes can reach. */
  dnsListenAddresses(): readonly string[];
  /** Called after each change of any of the above. Set once, before start. */
  onChange(listener: () => void): void;
  /** Looks now whether what keeps the sandboxes apart is in force, and mends it; `inventory` tells what was found. */
  checkIsolation(): Promise<void>;
  /**
   * Connections of sandboxes to proxy addresses that the kernel refused lately, because nothing listens on the port.
   * None where the driver has no rules of its own. Errors: CodedErrors of the command that lists them.
   */
  refusedConnections(): Promise<readonly RefusedConnections[]>;
  /** Makes the range local to this host where it is not, so that proxies can be bound there. */
  prepareProxyRange(range: string): Promise<void>;
  /**
   * Of this range, once prepared, the addresses that connections to sandboxes come from in turn: the ports of each are
   * its own. None: the kernel chooses.
   */
  dialSources(proxyRange: string): readonly string[];
  close(): Promise<void>;
}
