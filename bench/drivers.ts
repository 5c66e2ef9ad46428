import { spawnSync } from 'node:child_process';
import { benchContainers } from './drivers/containers.js';
import { benchLinks } from './drivers/links.js';
import type { BenchRow } from './report.js';

/** How soon sandboxes are attached, and what many of them cost. Needs Linux and root, and dockerd for containers. */
export default async function benchDrivers(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return [notMeasured('drivers', 'Linux and root')];
  const links = await benchLinks();
  const hasDocker = spawnSync('sh', ['-c', 'command -v dockerd docker']).status === 0;
  return [...links, ...(hasDocker ? await benchContainers() : [notMeasured('containers', 'dockerd and docker')])];
}

function notMeasured(work: string, needs: string): BenchRow {
  return { work, budget: '-', measured: `not measured: it needs ${needs}`, peer: '-' };
}
