import type { SandboxId } from '#libs/contracts/ids.js';
import type { DnsZone } from '#libs/data-plane/dns/zone.js';

export const NAMES = 10_000;
export const DOMAIN = 'dev.gstacks';

/** The same names and addresses for both servers: `a0.dev.gstacks` is 127.77.0.0, and so on. */
export function benchZone(): DnsZone {
  return {
    revision: 1,
    serial: 1,
    networks: [
      {
        name: 'dev',
        records: Array.from({ length: NAMES }, (_, index) => ({
          alias: `a${index}`,
          address: `127.77.${index >> 8}.${index & 0xff}`,
          ports: [8080],
        })),
      },
    ],
    clients: [{ address: '127.0.0.1', sandboxId: 'sbx-bench' as SandboxId, networks: ['dev'], complete: true }],
  };
}

/** The same as lines of a hosts file. */
export function benchHosts(): string {
  const lines = benchZone().networks.flatMap((network) =>
    network.records.map((record) => `${record.address} ${record.alias}.${network.name}.gstacks`),
  );
  return `${lines.join('\n')}\n`;
}
