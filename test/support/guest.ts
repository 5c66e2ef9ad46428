import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { guestImage } from './guest-image.js';
import type { HostNamespace } from './host-namespace.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);
const QEMU = 'qemu-system-x86_64';
const BOOTS_WITHIN_MS = 60_000;

/** Why this machine cannot run a guest; null: it can. Installs what is missing. */
export async function whyNoGuest(): Promise<string | null> {
  const has = (program: string) =>
    run('sh', ['-c', `command -v ${program}`]).then(
      () => true,
      () => false,
    );
  const missing = [
    ...((await has(QEMU)) ? [] : ['qemu-system-x86']),
    ...((await has('busybox')) ? [] : ['busybox-static']),
  ];
  try {
    if (missing.length > 0) {
      await run('apt-get', ['install', '-y', '--no-install-recommends', ...missing], { timeout: 300_000 });
    }
    await guestImage();
    return null;
  } catch (error) {
    return `no guest: ${missing.join(' and ') || "Debian's kernel"} cannot be had: ${error}`;
  }
}

/**
 * A machine with its own kernel behind a tap of a host, run by qemu. It is emulated, because KVM is not everywhere, and
 * boots in seconds.
 */
export class Guest {
  private readonly answers: ((line: string) => void)[] = [];

  private constructor(
    private readonly folder: string,
    private readonly machine: ChildProcess,
    private readonly console: Socket,
  ) {}

  /** Resolves when the guest accepts commands; its interface exists, without an address. */
  static async boot(host: HostNamespace, tap: string): Promise<Guest> {
    const { kernel, initrd } = await guestImage();
    const folder = mkdtempSync(join(tmpdir(), 'gs-guest-'));
    const [commands, log] = [join(folder, 'commands'), join(folder, 'console.log')];
    const options = [
      ...['-accel', 'tcg', '-m', '192', '-nodefaults', '-no-reboot'],
      ...['-display', 'none', '-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1'],
      ...['-netdev', `tap,id=n0,ifname=${tap},script=no,downscript=no`, '-device', 'virtio-net-pci,netdev=n0,romfile='],
      ...['-serial', `file:${log}`, '-serial', `unix:${commands},server=on,wait=off`],
    ];
    const machine = spawn('ip', ['netns', 'exec', host.name, QEMU, ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    machine.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    try {
      const socket = await waitFor('the machine has a console', () => connected(commands), BOOTS_WITHIN_MS);
      const guest = new Guest(folder, machine, socket);
      const ready = new Promise<string>((resolve) => guest.answers.push(resolve));
      createInterface({ input: socket }).on('line', (line) => guest.answers.shift()?.(line));
      let isReady = false;
      ready.then(() => {
        isReady = true;
      });
      await waitFor('the guest has started', () => isReady, BOOTS_WITHIN_MS);
      return guest;
    } catch (error) {
      machine.kill('SIGKILL');
      const console = readFileSync(log, 'utf8').slice(-2_000);
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`the guest did not start: ${said}${console}`, { cause: error });
    }
  }

  get pid(): number {
    return this.machine.pid ?? 0;
  }

  /** Runs a command in the guest's shell; one after the other. */
  async run(command: string): Promise<{ readonly code: number; readonly output: string }> {
    const answered = new Promise<string>((resolve) => this.answers.push(resolve));
    this.console.write(`${Buffer.from(command).toString('base64')}\n`);
    const [code, encoded = ''] = (await answered).split(' ');
    return { code: Number(code), output: Buffer.from(encoded, 'base64').toString() };
  }

  close(): void {
    this.console.destroy();
    this.machine.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}
