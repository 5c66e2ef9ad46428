import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ACTIONS } from './actions/table.js';
import { soakFiles } from './files.js';
import { soakKills } from './kills/kills.js';
import { soakMeshNode } from './mesh-node.js';
import { runSequence } from './sequence.js';
import { soakStreams } from './streams.js';
import { Trace } from './trace.js';

const USAGE = `usage: npm run soak -- [--steps N] [--aliases N] [--only ACTION,...] [--past EXPRESSION]
                        [--keep FOLDER] [--verbose]
       npm run soak -- --streams SECONDS
       npm run soak -- --kills N [--tsnet] [--only PROCESS,...] [--keep FOLDER]
       npm run soak -- --files [--only FILE,...]
       npm run soak -- --mesh

  --steps N      end after so many steps; without it sequences follow one another without end, 300 steps each
  --aliases N    every network that has sandboxes is filled up to N aliases, again whenever all faults are undone
  --only         only these actions: ${[...ACTIONS.map(({ name }) => name), 'stop-stack'].join(', ')}
  --past         go on past contradictions that match this expression
  --keep         after a contradiction, copy the processes' logs into this folder
  --verbose      print each step
  --streams      instead: 200 readers of the stream of events and two browsers, while 100 changes are written each second
  --kills        instead: N processes of a stack in use are killed, ended or stopped, one after the other
  --tsnet        with --kills: over a mesh of the transport tsnet
  --files        instead: a start with each file of the home folder in turn empty, garbled, missing, unreadable and
                 another host's; with --only, no other files than those whose names hold one of these texts
  --mesh         instead: mesh-node's tests with Go's race detector (needs gcc), staticcheck, and 800 strangers

TRUTH_SEED names the seed of the first sequence, or of the kills; without it each has one of chance.`;

const STEPS_A_SEQUENCE = 300;
const SEEDS = 2 ** 31;
const REPORT_EVERY_MS = 60_000;
const WRONG_USE = 2;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      steps: { type: 'string' },
      aliases: { type: 'string', default: '0' },
      only: { type: 'string' },
      past: { type: 'string' },
      keep: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      streams: { type: 'string' },
      kills: { type: 'string' },
      tsnet: { type: 'boolean', default: false },
      files: { type: 'boolean', default: false },
      mesh: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const steps = values.steps === undefined ? STEPS_A_SEQUENCE : Number(values.steps);
  const aliases = Number(values.aliases);
  if (values.streams !== undefined && !values.help && Number(values.streams) >= 1) {
    return (await soakStreams(Number(values.streams), say)) ? 0 : 1;
  }
  const only = values.only?.split(',') ?? null;
  if (values.files && !values.help) return (await soakFiles(only, say)) ? 0 : 1;
  if (values.mesh && !values.help) return (await soakMeshNode(say)) ? 0 : 1;
  const kills = values.kills === undefined ? null : Number(values.kills);
  if (values.help || ![steps, aliases].every(Number.isInteger) || (kills !== null && !Number.isInteger(kills))) {
    say(USAGE);
    return values.help ? 0 : WRONG_USE;
  }
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
  const firstSeed = Number(process.env.TRUTH_SEED || randomInt(SEEDS));
  if (kills !== null) {
    const asked = { ...{ seed: firstSeed, kills, only }, isTsnet: values.tsnet, keep: values.keep ?? null };
    return (await soakKills({ ...asked, say, signal: ending.signal })) ? 0 : 1;
  }

  const trace = new Trace();
  let sequences = 0;
  let taken = 0;
  const began = performance.now();
  const summary = (): string => {
    const done = [...trace.counts].map(([action, count]) => `${action} ${count}`).join(', ');
    return `${minutesSince(began)} min, ${taken} steps in ${sequences} sequences: ${done}`;
  };
  const reporting = setInterval(() => say(summary()), REPORT_EVERY_MS);
  try {
    let seed = firstSeed;
    do {
      sequences += 1;
      say(`sequence ${sequences}, seed ${seed}`);
      const report = await runSequence({
        seed,
        steps,
        aliases,
        only,
        past: values.past === undefined ? null : new RegExp(values.past),
        keep: values.keep ?? null,
        onStep(step) {
          taken += 1;
          const lines = trace.add(step);
          if (values.verbose) say(lines);
        },
        signal: ending.signal,
      });
      if (report.contradiction !== null) {
        say(trace.describe(seed, report, { only, aliases }));
        say(summary());
        return 1;
      }
      seed = randomInt(SEEDS);
    } while (values.steps === undefined && !ending.signal.aborted);
    say(`no contradiction; ${summary()}`);
    return 0;
  } finally {
    clearInterval(reporting);
  }
}

function minutesSince(began: number): string {
  return ((performance.now() - began) / 60_000).toFixed(1);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exit(await main());
