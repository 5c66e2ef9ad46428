import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2'] as const;

export interface ServerCertificate {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate for a server at this address, and its authority, created with openssl in a folder. */
export async function certifyServer(folder: string, address: string): Promise<ServerCertificate> {
  const file = (name: string): string => join(folder, name);
  await openssl([
    ...['-subj', '/CN=test authority', '-keyout', file('ca.key'), '-out', file('ca.pem')],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
  ]);
  await openssl([
    ...['-subj', '/CN=server', '-keyout', file('server.key'), '-out', file('server.pem')],
    ...['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-addext', `subjectAltName=IP:${address}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth'],
  ]);
  return { caFile: file('ca.pem'), certificateFile: file('server.pem'), keyFile: file('server.key') };
}

async function openssl(options: readonly string[]): Promise<void> {
  await run('openssl', ['req', '-x509', ...KEY, ...options]);
}
