import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface Usage {
  /** Of one core, including the programs that the process ran. */
  readonly cpuShare: number;
  readonly residentMegabytes: number;
}

/** The resources that a process used during a time. */
export async function usageOf(pid: number, seconds: number): Promise<Usage> {
  const before = cpuSeconds(pid);
  await pause(seconds * 1_000);
  const share = (cpuSeconds(pid) - before) / seconds;
  return { cpuShare: share, residentMegabytes: residentMegabytes(pid) };
}

export function usageText({ cpuShare, residentMegabytes }: Usage): string {
  return `${(cpuShare * 100).toFixed(1)} % of a core, ${Math.round(residentMegabytes)} MB`;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** proc(5): user and system time of the process and of its ended children, from the fourteenth field on. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = afterName.slice(11, 15).map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

export function residentMegabytes(pid: number): number {
  return residentKilobytes(pid) / 1_024;
}

function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
