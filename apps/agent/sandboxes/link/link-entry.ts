import { BlockList, isIPv4 } from 'node:net';
import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { parseObject } from '#libs/contracts/json-fields.js';
import { PROOF_INTERFACE } from './proof-link.js';

/** An interface of this host that leads to exactly one sandbox, and the sandbox's address. */
export interface LinkEntry {
  readonly sandboxId: SandboxId;
  readonly link: string;
  readonly address: string;
}

export interface HostInterface {
  readonly index: number;
  readonly name: string;
  /** The bridge or bond that it belongs to. */
  readonly master: string | null;
}

export interface ChosenLinks {
  readonly links: readonly LinkEntry[];
  readonly refused: readonly RefusedSandbox[];
}

/** At most 15 characters (IFNAMSIZ) that need no quoting in rules. */
const INTERFACE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
/** RFC 6890: addresses that no guest can have. */
const NEVER = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  NEVER.addSubnet(network, prefix);
}

/** Parses interface and address of a link; throws InvalidInputError with the field's name. */
export function parseLink(value: unknown, field: string, sandboxId: SandboxId): LinkEntry {
  const { interface: link, address } = parseObject(value, field);
  if (typeof link !== 'string' || !INTERFACE_NAME.test(link)) {
    throw new InvalidInputError(`${field}.interface`, link, 'the name of an interface, such as tap0');
  }
  if (typeof address !== 'string' || !isIPv4(address) || NEVER.check(address)) {
    throw new InvalidInputError(`${field}.address`, address, "the guest's IPv4 address, such as 10.81.0.2");
  }
  return { sandboxId, link, address };
}

/** Parses each item on its own, so that an invalid one does not hide the others. */
export function parseLinkList(items: readonly unknown[]): ChosenLinks {
  const links: LinkEntry[] = [];
  const refused: RefusedSandbox[] = [];
  for (const [index, item] of items.entries()) {
    let sandboxId: SandboxId | null = null;
    try {
      sandboxId = parseSandboxId(parseObject(item, 'link').id, 'link.id');
      links.push(parseLink(item, 'link', sandboxId));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const name = `item ${index + 1}`;
      refused.push({
        name,
        sandboxId,
        code: 'LINK_INVALID',
        message: `${name} of the list${sandboxId === null ? '' : ` (${sandboxId})`}: ${error.message}`,
        remedy: 'correct the id, interface and address of that item',
      });
    }
  }
  return { links, refused };
}

export interface LinkTerms {
  readonly interfaceOf: (name: string) => HostInterface | undefined;
  /** Whether a default route of the host uses it, or the host reaches the control plane by it. */
  readonly isUplink: (name: string) => boolean;
  readonly agentAddress: string;
  /** Whether an address belongs to a proxy. */
  readonly isProxy: (address: string) => boolean;
}

/**
 * The links that can be served now, and why the others cannot. Of two links that exclude each other, the earlier one is
 * served.
 */
export function chooseLinks(entries: readonly LinkEntry[], terms: LinkTerms): ChosenLinks {
  const links: LinkEntry[] = [];
  const refused: RefusedSandbox[] = [];
  const taken = new Map<string, SandboxId>();
  for (const entry of entries) {
    const problem = problemOf(entry, terms, taken);
    if (problem === null) {
      links.push(entry);
      for (const key of keysOf(entry)) taken.set(key, entry.sandboxId);
    } else {
      const { sandboxId, link } = entry;
      refused.push({ name: link, sandboxId, ...problem });
    }
  }
  return { links, refused };
}

function keysOf({ sandboxId, link, address }: LinkEntry): readonly [string, string, string] {
  return [`id ${sandboxId}`, `interface ${link}`, `address ${address}`];
}

function problemOf(
  entry: LinkEntry,
  { interfaceOf, isUplink, agentAddress, isProxy }: LinkTerms,
  taken: ReadonlyMap<string, SandboxId>,
): Pick<RefusedSandbox, 'code' | 'message' | 'remedy'> | null {
  const { sandboxId, link, address } = entry;
  const twice = keysOf(entry).find((key) => taken.has(key));
  if (twice !== undefined) {
    return {
      code: 'LINK_TAKEN',
      message: `${sandboxId}: the ${twice} already belongs to ${taken.get(twice)}`,
      remedy: 'give each link its own id, interface and address',
    };
  }
  if (address === agentAddress || isProxy(address)) {
    return {
      code: 'LINK_ADDRESS_TAKEN',
      message: `${sandboxId}: ${address} is an address of the agent or of its proxies`,
      remedy: "give the guest an address outside the agent's and the proxies'",
    };
  }
  if (link === PROOF_INTERFACE) {
    return {
      code: 'LINK_TAKEN',
      message: `${sandboxId}: the agent uses the interface ${link} itself`,
      remedy: 'name the interface that leads to the guest',
    };
  }
  const found = interfaceOf(link);
  if (found === undefined) {
    return {
      code: 'LINK_MISSING',
      message: `${sandboxId}: there is no interface ${link}`,
      remedy: 'create the interface; the agent uses it as soon as it exists',
    };
  }
  if (isUplink(link) || link === 'lo') {
    return {
      code: 'LINK_IS_UPLINK',
      message: `${sandboxId}: ${link} is the uplink or loopback interface of this host`,
      remedy: 'give an interface that leads only to the guest',
    };
  }
  if (found.master !== null) {
    return {
      code: 'LINK_ENSLAVED',
      message: `${sandboxId}: ${link} is part of ${found.master}, which other interfaces may be part of too`,
      remedy: `ip link set ${link} nomaster`,
    };
  }
  return null;
}
