import { execFile } from 'node:child_process';
import { CodedError } from '#libs/contracts/errors.js';
import { ALREADY_GONE } from '../ip-command.js';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 64 * 1_048_576;

/** nftables refused a set of rules, or nft is missing. */
export class NftCommandError extends CodedError {}

/** Loads rules atomically, in the network namespace of this process or of another one. */
export function loadRules(rules: string, networkOfPid: number | null = null): Promise<void> {
  const inside = networkOfPid === null ? [] : ['nsenter', `--net=/proc/${networkOfPid}/ns/net`];
  const [command = 'nft', ...args] = [...inside, 'nft', '-f', '-'];
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { timeout: TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(nftError(error, stderr));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(rules);
  });
}

/** Whether a table exists in this process's network namespace. Errors: NftCommandError. */
export function hasTable(family: 'inet' | 'bridge', name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile('nft', ['list', 'tables', family], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.split('\n').includes(`table ${family} ${name}`));
      else reject(nftError(error, stderr));
    });
  });
}

/** The kernel's listing of a table, without counters. Empty: there is no such table. Errors: NftCommandError. */
export function listTable(family: 'inet' | 'bridge', name: string): Promise<string> {
  return listed(['--stateless', 'list', 'table', family, name]);
}

/** The kernel's listing of a set, with counters. Empty: there is no such set. Errors: NftCommandError. */
export function listSet(family: 'inet' | 'bridge', table: string, set: string): Promise<string> {
  return listed(['list', 'set', family, table, set]);
}

function listed(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    execFile('nft', args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (ALREADY_GONE.test(stderr)) resolve('');
      else reject(nftError(error, stderr));
    });
  });
}

function nftError(error: Error, stderr: string): NftCommandError {
  if ('code' in error && error.code === 'ENOENT') {
    return new NftCommandError('NFT_MISSING', 'the command nft is not installed', 'install nftables');
  }
  const answer = stderr.trim().split('\n')[0] ?? error.message;
  if (/not permitted|permission denied/i.test(answer)) {
    return new NftCommandError('NFT_FORBIDDEN', `nft: ${answer}`, 'run the agent as root (CAP_NET_ADMIN)');
  }
  return new NftCommandError(
    'NFT_REFUSED',
    `nft: ${answer}`,
    'a kernel of Linux 5.14 or newer with nf_tables for inet and bridge is needed',
  );
}
