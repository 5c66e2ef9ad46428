import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { textOf } from '#test/support/child-processes.js';
import { requireApplied, requireWritten } from '#test/support/record-check.js';
import { waitFor } from '#test/support/wait.js';
import { type Random, randomOf } from '../random.js';
import { sendSignal } from '../signals.js';
import { type Condition, InhabitedStack, NETWORK } from './inhabited-stack.js';
import { LeftOvers } from './left-overs.js';
import { type KillSignal, SIGNALS, TSNET_VICTIMS, VICTIMS, type Victim } from './victims.js';

/** The promise. */
const BACK_WITHIN_MS = 5_000;
/** After this long the soak ends, and says what it was waiting for. */
const GIVEN_UP_AFTER_MS = 90_000;
const MOST_STOPPED_SECONDS = 20;
const BEGINS_WITHIN_MS = 60_000;

export interface KillsAsked {
  readonly seed: number;
  readonly kills: number;
  readonly isTsnet: boolean;
  /** Only victims whose names contain one of these texts; null: all. */
  readonly only: readonly string[] | null;
  /** The folder for the home's logs after a failure. */
  readonly keep: string | null;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

interface Kill {
  readonly victim: Victim;
  readonly signal: KillSignal;
  readonly stoppedSeconds: number;
  readonly random: Random;
}

/**
 * Ends or stops one process after the other of a stack in use. True: each time everything recovered in time, no
 * acknowledged write was lost, and nothing was left over.
 */
export async function soakKills(asked: KillsAsked): Promise<boolean> {
  const { seed, kills, say } = asked;
  const folder = mkdtempSync(join(tmpdir(), 'gs-kills-'));
  const leftOvers = new LeftOvers(folder);
  const faults: string[] = [];
  const fault = (text: string): void => {
    faults.push(text);
    say(`FAULT: ${text}`);
  };
  say(`seed ${seed}, ${kills} kills`);
  let inhabited: InhabitedStack | null = null;
  try {
    inhabited = await InhabitedStack.start(folder, asked.isTsnet);
    await leftOvers.note(inhabited.report);
    inhabited.startWriting();
    await isWell(inhabited, performance.now(), BEGINS_WITHIN_MS);
    for (let step = 1; step <= kills && !asked.signal.aborted; step += 1) {
      await take(inhabited, leftOvers, draw(asked, step), (text) => say(`${step} ${text}`), fault);
    }
    await inhabited.stopWriting();
    await requireWritten(inhabited.stack, inhabited.writer.acknowledged);
    await requireApplied(inhabited.stack, NETWORK);
    say(`${inhabited.writer.acknowledged.length} writes acknowledged, each in the log once; the chain is whole`);
  } catch (error) {
    fault(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await inhabited?.end();
    for (const left of await leftOvers.found()) fault(`left over: ${left}`);
    const logs = join(folder, 'home', 'logs');
    if (faults.length > 0 && asked.keep !== null && existsSync(logs)) cpSync(logs, asked.keep, { recursive: true });
    rmSync(folder, { recursive: true, force: true });
  }
  say(`${faults.length} faults with seed ${seed}`);
  for (const text of faults) say(`  ${text.split('\n')[0]}`);
  return faults.length === 0;
}

function draw({ seed, isTsnet, only }: KillsAsked, step: number): Kill {
  const random = randomOf(seed, step);
  const all = isTsnet ? [...VICTIMS, ...TSNET_VICTIMS] : VICTIMS;
  const victim = random.pick(all.filter(({ name }) => only === null || only.some((text) => name.includes(text))));
  return { victim, signal: random.pick(SIGNALS), stoppedSeconds: 1 + random.below(MOST_STOPPED_SECONDS), random };
}

/** One kill, and the recovery. */
async function take(
  inhabited: InhabitedStack,
  leftOvers: LeftOvers,
  { victim, signal, stoppedSeconds, random }: Kill,
  say: (line: string) => void,
  fault: (text: string) => void,
): Promise<void> {
  const pids = await victim.pids(inhabited.stack, signal, random);
  const what = `${signal} ${victim.name}${signal === 'SIGSTOP' ? ` for ${stoppedSeconds} s` : ''}`;
  const [first] = pids;
  if (first === undefined) throw new Error(`${victim.name} does not run`);
  let began = performance.now();
  let waitedFor = '';
  for (const pid of pids) sendSignal(pid, signal);
  if (signal === 'SIGSTOP') {
    await pause(stoppedSeconds * 500);
    if (victim.trafficGoesOn) {
      for (const { name, seen } of await lookAtAll(inhabited.trafficConditions())) {
        fault(`${what}: traffic does not go on meanwhile: ${name}: ${seen}`);
      }
    }
    await pause(stoppedSeconds * 500);
    for (const pid of pids) sendSignal(pid, 'SIGCONT');
    began = performance.now();
  } else {
    await waitFor(`${victim.name} has ended`, () => hasEnded(first), GIVEN_UP_AFTER_MS);
    waitedFor = `, its end ${seconds(began)} s`;
    if (victim.revivedBy === 'npm start') {
      // It has ended; this ends the test's own processes for it.
      await inhabited.stack.stop();
      if (signal === 'SIGTERM') {
        for (const left of await leftOvers.found(await inhabited.outsiders())) fault(`${what}: left over: ${left}`);
      }
      const started = performance.now();
      await inhabited.startAgain();
      await leftOvers.note(inhabited.report);
      waitedFor += `, npm start ${seconds(started)} s`;
      began = performance.now();
    } else if (victim.revivedBy === 'mesh join') {
      await inhabited.joinAgain();
      waitedFor += `, mesh join ${seconds(began)} s`;
    } else {
      await waitFor(
        `${victim.name} runs again`,
        async () => !(await victim.pids(inhabited.stack, signal, random)).includes(first),
        GIVEN_UP_AFTER_MS,
      );
      waitedFor += `, its next start ${seconds(began)} s`;
    }
  }
  const { tookMs, waits } = await isWell(inhabited, began, GIVEN_UP_AFTER_MS);
  const told = waits.map(({ name, tookMs: itsMs }) => `${name} ${(itsMs / 1_000).toFixed(1)} s`).join(', ');
  const isLate = tookMs > BACK_WITHIN_MS;
  const back = `${what}: back after ${(tookMs / 1_000).toFixed(1)} s`;
  say(`${back}${waitedFor}${told === '' ? '' : `; waited for ${told}`}`);
  const longest = waits.at(-1);
  if (isLate) fault(`late: ${back}${waitedFor}${longest === undefined ? '' : `; ${longest.name}: ${longest.seen}`}`);
  for (const flow of await inhabited.endedFlows()) {
    if (!victim.carries.includes(flow)) fault(`${what} ended an open connection: ${flow}`);
    await inhabited.open(flow);
  }
}

interface Wait {
  readonly name: string;
  readonly tookMs: number;
  /** The last fault seen before it worked. */
  readonly seen: string;
}

/**
 * Resolves once each check has passed, and all pass in one final run: how long that took, and what was waited for, the
 * longest last.
 */
async function isWell(
  inhabited: InhabitedStack,
  began: number,
  deadlineMs: number,
): Promise<{ readonly tookMs: number; readonly waits: readonly Wait[] }> {
  const conditions = inhabited.conditions(began);
  const waits = new Map<string, Wait>();
  const wait = async ({ name, look }: Condition): Promise<void> => {
    let last = '';
    const probe = async (): Promise<boolean> => {
      const seen = await look();
      if (seen === null) return true;
      last = seen;
      waits.set(name, { name, tookMs: performance.now() - began, seen });
      return false;
    };
    await waitFor(name, probe, deadlineMs).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${last}`);
    });
  };
  for (;;) {
    await Promise.all(conditions.map(wait));
    const tookMs = performance.now() - began;
    const troubles = await lookAtAll(conditions);
    if (troubles.length === 0) {
      return { tookMs, waits: [...waits.values()].sort((one, other) => one.tookMs - other.tookMs) };
    }
  }
}

async function lookAtAll(
  conditions: readonly Condition[],
): Promise<readonly { readonly name: string; readonly seen: string }[]> {
  const seen = await Promise.all(conditions.map(async ({ name, look }) => ({ name, seen: await look() })));
  return seen.flatMap(({ name, seen: instead }) => (instead === null ? [] : [{ name, seen: instead }]));
}

/** Also if its parent has not read its exit status yet (state Z). */
function hasEnded(pid: number): boolean {
  const stat = textOf(pid, 'stat');
  return stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(1);
}
