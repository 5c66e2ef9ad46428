import { createServer, type Server } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';

/**
 * The loopback addresses of one stack. Each stack on a machine holds its own block while it runs. Block 0 contains the
 * documented default range 127.77.0.0/16.
 */
export interface AddressBlock {
  readonly index: number;
  /** 127.x.0.0/16 for each agent's proxy listeners, and a loopback /16 for the sandboxes. */
  readonly proxyRanges: readonly [string, string];
  readonly dnsAddresses: readonly [string, string];
  readonly sandboxAddress: (host: 0 | 1, sandbox: number) => string;
  /** With namespaces: the /24 of the link between this machine and the two hosts. */
  readonly link: { readonly machine: string; readonly hosts: readonly [string, string]; readonly prefixLength: number };
  release(): void;
}

export class NoAddressBlockError extends CodedError {}

const BLOCKS = 50;
const FIRST_OCTET = 77;
const LOCK_PORT = 7_979;
const DNS_PORT = 1_053;
const DOCUMENTED_DNS_HOST = '127.0.0.1';

/** Takes the preferred block, or the next free one. Error: NoAddressBlockError. */
export async function takeAddressBlock(preferred: number): Promise<AddressBlock> {
  for (let step = 0; step < BLOCKS; step += 1) {
    const index = (preferred + step) % BLOCKS;
    const lock = await hold(`127.${sandboxOctet(index)}.0.1`, LOCK_PORT);
    if (lock !== null) return block(index, lock, await documentedDns(index));
  }
  throw new NoAddressBlockError(
    'NO_ADDRESS_BLOCK',
    `all ${BLOCKS} address blocks are held by other stacks on this machine`,
    'stop one of them',
  );
}

function sandboxOctet(index: number): number {
  return FIRST_OCTET + 2 + index * 3;
}

/** The DNS address in the product's documents, if it is free: the first stack on a machine gets it. */
async function documentedDns(index: number): Promise<string | null> {
  if (index !== 0) return null;
  const held = await hold(DOCUMENTED_DNS_HOST, DNS_PORT);
  if (held === null) return null;
  await new Promise((resolve) => held.close(resolve));
  return `${DOCUMENTED_DNS_HOST}:${DNS_PORT}`;
}

function block(index: number, lock: Server, firstDns: string | null): AddressBlock {
  const octet = FIRST_OCTET + index * 3;
  const sandboxes = sandboxOctet(index);
  return {
    index,
    proxyRanges: [`127.${octet}.0.0/16`, `127.${octet + 1}.0.0/16`],
    dnsAddresses: [firstDns ?? `127.${sandboxes}.1.1:${DNS_PORT}`, `127.${sandboxes}.2.1:${DNS_PORT}`],
    sandboxAddress: (host, sandbox) => `127.${sandboxes}.${host + 1}.${sandbox + 10}`,
    link: {
      machine: `10.${100 + index}.0.1`,
      hosts: [`10.${100 + index}.0.2`, `10.${100 + index}.0.3`],
      prefixLength: 24,
    },
    release: () => lock.close(),
  };
}

/** The listening socket is the lock: the kernel releases it however its process ends. */
function hold(address: string, port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(null));
    server.listen({ host: address, port, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}
