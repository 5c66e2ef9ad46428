import { AT_ITS_LIMIT } from './actions/targets.js';
import {
  contradiction,
  cutContradiction,
  heldContradiction,
  isSuspicion,
  type Sighting,
  type Statement,
} from './judge.js';
import { type Flow, leadsSomewhere, nameOf, textOf } from './model.js';
import type { Random } from './random.js';
import type { Asked, HeldConnections, Outcome, World } from './world.js';

const DIAL_MS = 500;
/**
 * If a dial failed and the system says that it must succeed, it is repeated with the longest time that an agent takes.
 */
const SECOND_DIAL_MS = 6_000;
const FLOWS_A_STEP = 12;
/** As the resident names it. */
const GIVEN_UP = 'no answer in time';
const MOST_HELD = 5;
/** How many of the proven denials that a restored store has forgotten are tested in each step. */
const MOST_FORGOTTEN = 4;
/** Mostly through the API, because a command needs a separate process. */
const STATUS_FORMS: readonly StatusForm[] = [...Array<StatusForm>(14).fill('status'), 'list', 'list', 'command'];
const COMMANDS_PERCENT = 8;

/** The observations of one step. */
export interface Seen {
  readonly lines: readonly string[];
  readonly contradiction: string | null;
}

/** Real dials, each by its source sandbox; all sandboxes at once. */
export async function dial(world: World, flows: readonly Flow[], deadlineMs: number): Promise<readonly Sighting[]> {
  const sightings = await Promise.all(
    [...Map.groupBy(flows, ({ source }) => source)].map(async ([source, own]) => {
      const names = own.map((flow) => ({ name: nameOf(flow), port: flow.port }));
      const dialled = await world.rig.resident(source).dial(names, deadlineMs);
      return own.map((flow, at): Sighting => {
        const expected = world.expected(flow);
        const outcome = dialled[at] ?? { kind: 'unanswered', why: 'not dialled' };
        const obstacle = world.faults.obstacle(flow, expected.target);
        if (outcome.kind === 'answered') world.faults.answered(flow, expected.target);
        else if (outcome.why === GIVEN_UP) world.unseenEnds.add(flow.network);
        return { flow, expected, dialled: outcome, obstacle };
      });
    }),
  );
  return sightings.flat();
}

/** Contradictions between statements and observations, after those that may be momentary were checked again. */
export async function judgeAll(
  world: World,
  asked: readonly Asked[],
  sightings: readonly Sighting[],
): Promise<string | null> {
  for (const sighting of sightings) {
    const lost = world.proven.contradiction(sighting.flow, sighting.dialled);
    if (lost !== null) return lost;
    for (const one of asked) {
      const found = contradiction(one.statement, sighting);
      if (found === null) continue;
      if (!isSuspicion(sighting, one.statement)) return found;
      const confirmed = await confirm(world, one, sighting.flow);
      if (confirmed !== null) return confirmed;
    }
  }
  return null;
}

/** A dial between two statements that both say it must succeed, and another after them. */
async function confirm(world: World, asked: Asked, flow: Flow): Promise<string | null> {
  const answer = await asked.again();
  if (answer.kind !== 'done') return null;
  const [again] = await dial(world, [flow], SECOND_DIAL_MS);
  return again === undefined ? null : contradiction(answer.value, again);
}

/** After an action: what was stated, what is stated now, and what real sandboxes observe. */
export async function observe(
  world: World,
  random: Random,
  step: number,
  outcome: Outcome,
  heldBefore: HeldConnections,
): Promise<Seen> {
  const lines: string[] = [];
  const asked: Asked[] = [...outcome.asked];
  const isAnswering = !world.faults.disturbs('control-plane') || random.chance(5);
  for (const network of isAnswering ? networksToAsk(world, random, outcome) : []) {
    const status = await askStatus(world, network, random.pick(STATUS_FORMS));
    if (status === null) continue;
    asked.push(status);
    lines.push(status.statement.words);
    const unfounded = unfoundedRegression(world, status.statement);
    if (unfounded !== null) return { lines, contradiction: unfounded };
  }

  const heldAfter = await world.ping();
  for (const flow of heldAfter.echoing) {
    const sighting = { flow, expected: world.expected(flow), isAlive: true };
    for (const { statement } of asked) {
      const found = heldContradiction(statement, sighting);
      if (found !== null) return { lines, contradiction: found };
    }
  }
  if (outcome.cut !== null) {
    const found = countCuts(world, outcome, heldBefore, heldAfter);
    if (found !== null) return { lines, contradiction: found };
  }

  const forgotten = random.sample(world.proven.forgottenBy(world.model), MOST_FORGOTTEN);
  const flows = [...outcome.flows, ...forgotten, ...flowsToDial(world, random, asked)];
  const sightings = await dial(world, flows, DIAL_MS);
  const found = await judgeAll(world, asked, sightings);
  if (found !== null) return { lines, contradiction: found };
  for (const { statement, isOfAll } of asked) if (isOfAll) prove(world, statement, step);

  if (isAnswering) {
    const tested = await testOne(world, random, lines);
    if (tested !== null) return { lines, contradiction: tested };
  }
  await holdOneMore(world, random);
  return { lines, contradiction: null };
}

/** The store is reported as regressed, though nobody has restored a copy: a lie has been believed. */
export function unfoundedRegression(world: World, { words }: Statement): string | null {
  return /: EPOCH_REGRESSED,/.test(words) && !world.isPutBack ? `"${words}", and no copy was put back` : null;
}

/** How the status of a network is asked for. */
export type StatusForm = 'status' | 'list' | 'command';

/** The state of a network as a whole; null: no answer, or no such network. */
export async function askStatus(world: World, network: string, form: StatusForm = 'status'): Promise<Asked | null> {
  const again = () => {
    if (form === 'status') return world.operator.status(network);
    return form === 'list' ? world.operator.listed(network) : world.operator.statusByCommand(network);
  };
  const answer = await again();
  if (answer.kind !== 'done') return null;
  return { statement: answer.value, again, isOfAll: answer.value.status === 'SYNCED' };
}

/** Runs `network test` for one flow, and dials it. */
export async function askTest(
  world: World,
  flow: Flow,
  from: string,
  expect: 'allow' | 'deny' | null,
  byCommand = false,
): Promise<{ readonly words: string; readonly contradiction: string | null }> {
  const again = () =>
    byCommand ? world.operator.testByCommand(flow, from, expect) : world.operator.test(flow, from, expect);
  const answer = await again();
  if (answer.kind !== 'done') return { words: answer.words, contradiction: null };
  const asked: Asked = { statement: answer.value, again, isOfAll: false };
  const sightings = await dial(world, [flow], DIAL_MS);
  const words = `network test ${textOf(flow)}: ${answer.value.words}`;
  return { words, contradiction: await judgeAll(world, [asked], sightings) };
}

/** Everything that a network denies is denied by all who follow it. */
export function prove(world: World, statement: Statement, step: number): void {
  if (statement.kind === 'test') return;
  world.followed.add(statement.network);
  for (const flow of world.flows(statement.network)) {
    if (world.expected(flow).verdict === 'deny') world.proven.prove(flow, statement, step);
  }
}

function networksToAsk(world: World, random: Random, { network }: Outcome): readonly string[] {
  const others = world.networks.filter((name) => name !== network);
  const concerned = network === null || !world.networks.includes(network) ? [] : [network];
  return [...concerned, ...random.sample(others, concerned.length === 0 || random.chance(40) ? 1 : 0)];
}

/** The targets of the statements, preferably what is allowed or still open in spite of a fault, and a few others. */
function flowsToDial(world: World, random: Random, asked: readonly Asked[]): readonly Flow[] {
  const named = new Set(
    asked.flatMap(({ statement }) => (statement.kind === 'test' ? statement.flow.network : statement.network)),
  );
  const all = [...new Set([...named, ...world.networks])].flatMap((network) => world.flows(network));
  const published = all.filter((flow) => leadsSomewhere(world.model, flow));
  return [
    ...new Set([
      ...random.sample(
        published.filter(({ network }) => named.has(network)),
        FLOWS_A_STEP - 6,
      ),
      ...random.sample(published, 3),
      ...random.sample(all, 3),
    ]),
  ];
}

function countCuts(
  world: World,
  { network, cut }: Outcome,
  before: HeldConnections,
  after: HeldConnections,
): string | null {
  const isCrowded = world.faults.names().some((name) => name.endsWith(AT_ITS_LIMIT));
  if (cut === null || !world.isCertain || isCrowded) return null;
  const open = new Set(after.open.map(textOf));
  const ended = before.open.filter((flow) => flow.network === network && !open.has(textOf(flow)));
  const denied = ended.filter((flow) => world.expected(flow).verdict === 'deny');
  return cutContradiction({
    ...cut,
    cut: denied.length,
    lost: ended.length - denied.length,
    unseen: world.unseenEnds.of(network ?? ''),
    isCalm: world.faults.isCalm,
  });
}

async function testOne(world: World, random: Random, lines: string[]): Promise<string | null> {
  const flow = flowToTest(world, random);
  if (flow === null) return null;
  // Requests about silent agents, or a blocked path, may take seconds.
  const skipped = world.faults.silent.length > 0 ? 90 : world.obstacle(flow) !== null ? 60 : 40;
  if (random.chance(skipped)) return null;
  const { verdict } = world.expected(flow);
  const expect =
    verdict === 'deny' ? random.pick(['deny', 'deny', null] as const) : random.pick(['allow', null] as const);
  const { words, contradiction: found } = await askTest(
    world,
    flow,
    `sandbox:${flow.source}`,
    expect,
    random.chance(COMMANDS_PERCENT),
  );
  lines.push(words);
  return found;
}

/** Preferably something allowed that a fault impedes, then something allowed, then anything published. */
function flowToTest(world: World, random: Random): Flow | null {
  const published = world.networks
    .flatMap((network) => world.flows(network))
    .filter((flow) => leadsSomewhere(world.model, flow));
  const allowed = published.filter((flow) => world.expected(flow).verdict === 'allow');
  const obstructed = allowed.filter((flow) => world.obstacle(flow) !== null);
  const wanted = [random.chance(50) ? obstructed : [], random.chance(50) ? allowed : [], published];
  const [first] = wanted.filter((flows) => flows.length > 0);
  return first === undefined ? null : random.pick(first);
}

async function holdOneMore(world: World, random: Random): Promise<void> {
  const held = new Set(world.heldFlows().map(textOf));
  if (held.size >= MOST_HELD) return;
  const candidates = world.networks
    .flatMap((network) => world.flows(network))
    .filter(
      (flow) => world.expected(flow).verdict === 'allow' && !held.has(textOf(flow)) && world.obstacle(flow) === null,
    );
  if (candidates.length > 0) await world.hold(random.pick(candidates));
}
