import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import { DockerEngine } from '#libs/docker-engine/engine.js';
import { type Finding, reasonOf } from '#libs/program/doctor.js';
import type { Environment } from '../foundation/variables.js';

const TOOL_WITHIN_MS = 5_000;
const DOCKER_SOCKET = '/var/run/docker.sock';
const SANDBOX_LABELS = ['gstacks.sandbox', 'gstacks.attach'];

/** Rules like those of a link, which the kernel checks without loading them. */
const RULES = `table inet gstacks_doctor {
  set sources { type ipv4_addr; }
  chain input {
    type filter hook input priority -10; policy accept;
    fib saddr . iif oif missing drop
    ip saddr @sources ct state new tcp dport 53 accept
  }
}
`;

/** Checks iproute2, nftables and the permission to use them, which drivers with links need. */
export async function examineKernel(driver: string): Promise<Finding> {
  const code = 'KERNEL';
  if (driver === 'static') return skipped(code, 'the driver static needs no kernel features');
  const remedy = 'install iproute2 and nftables, and run this as root, or with the capabilities of the unit';
  try {
    const version = await tool('nft', ['--version']);
    await tool('ip', ['-V']);
    await tool('nft', ['--check', '-f', '-'], RULES);
    return pass(code, `${version.trim()}; the kernel accepts the rules of a sandbox's link`);
  } catch (error) {
    return fail(code, reasonOf(error), remedy);
  }
}

/** Checks the driver's source of sandboxes. */
export async function examineDriver(driver: string, variables: Environment): Promise<Finding> {
  const code = 'DRIVER';
  if (driver === 'docker') {
    const socket = variables.GLOBALSTACKS_AGENT_DOCKER_SOCKET || DOCKER_SOCKET;
    try {
      const engine = new DockerEngine(socket);
      await engine.connect();
      return pass(code, `${socket} answers; ${labelledText(await engine.listContainers())}`);
    } catch (error) {
      const remedy = 'start dockerd, or set GLOBALSTACKS_AGENT_DOCKER_SOCKET to its socket';
      return fail(code, `${socket}: ${reasonOf(error)}`, remedy);
    }
  }
  const file = variables.GLOBALSTACKS_AGENT_SANDBOXES;
  if (!file) return pass(code, `${driver}: sandboxes are added through the agent's socket`);
  try {
    accessSync(file, constants.R_OK);
    return pass(code, `${driver}: ${file} lists the sandboxes`);
  } catch (error) {
    return fail(code, reasonOf(error), `write ${file}; docs/drivers.md shows its form`);
  }
}

/** How many containers say that they are sandboxes: the agent may refuse some of them. */
export function labelledText(containers: readonly { readonly labels: Readonly<Record<string, string>> }[]): string {
  const labelled = containers.filter(({ labels }) => SANDBOX_LABELS.some((label) => labels[label] !== undefined));
  const count = `${labelled.length} of ${containers.length} containers have a label of sandboxes`;
  return `${count}; \`gstacks agent list\` names those that are not served`;
}

function tool(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, [...args], { timeout: TOOL_WITHIN_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command}: ${stderr.trim().split('\n')[0] || error.message}`));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
