import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ReadyReport } from '#apps/all-in-one/stack.js';
import type { ExplanationDto, HistoryPageDto, NetworkDiffDto, VerdictTurnsDto } from '#libs/contracts/http/history.js';
import { endPartition, partition } from '#test/support/host-namespace.js';
import { withRecord } from '#test/support/record.js';
import { type Sample, SampledVerdicts } from '#test/support/sampled-verdicts.js';
import { namespaceOf } from '#test/support/sandboxes.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const ADDRESS = 'http://api.dev.gstacks:8080/';
const SOURCES = ['sbx-web', 'sbx-worker'] as const;
type Source = (typeof SOURCES)[number];
/** A connection may see a version some time before its agent has applied all of it and says so. */
const SETTLED_MS = 500;
const SAMPLES_A_STEP = 3;
const LASTS_SECONDS = 6;
/** What the control plane keeps besides its record, and makes again. */
const PROJECTIONS = ['process_cursors', 'agent_contacts', 'agent_inventories', 'network_checkpoints', 'log_states'];

/** A time in which nothing changed, and what was tried in it. */
interface Step {
  readonly name: string;
  readonly version: number;
  /** RFC 3339 */
  readonly from: string;
  readonly to: string;
  readonly decided: readonly Source[];
  readonly passed: readonly Source[];
}

describe('the past of a network, as it really was', function () {
  this.timeout(120_000);
  let stack: RunningStack;
  const probes = new Map<Source, SampledVerdicts>();
  const steps: Step[] = [];

  async function get<Answer>(path: string): Promise<Answer> {
    const url = `${stack.url}/v1/networks/dev${path}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${stack.token}` } });
    const text = await response.text();
    expect(response.status, text).to.equal(200);
    return JSON.parse(text);
  }
  const explain = (from: string, at: string | number) =>
    get<ExplanationDto>(`/explanation?from=sandbox:${from}&alias=api&port=8080&at=${at}`);
  const version = async () => (await get<{ version: number }>('')).version;
  const write = (...words: readonly string[]) =>
    stack.json(['network', 'policy', ...words, '--to', 'api', '--port', '8080']);

  /** Whether both ends would let the connection through by what they had applied at that time. */
  async function wouldPass(from: string, at: string): Promise<boolean> {
    const { agents } = await explain(from, at);
    return agents.length > 0 && agents.every(({ effect }) => effect === 'allow');
  }

  const judged = (step: Step, from: Source): readonly Sample[] =>
    (probes.get(from)?.samples ?? []).filter(({ began, ended }) => began >= step.from && ended <= step.to);

  /** Lets connections be tried until each source has enough of them that say the same. */
  async function step(name: string, decided: readonly Source[], passed: readonly Source[] = decided): Promise<void> {
    await waitFor(`${name}: connections go as expected`, () =>
      SOURCES.every((from) => probes.get(from)?.samples.at(-1)?.isAllowed === passed.includes(from)),
    );
    const from = new Date().toISOString();
    await waitFor(
      `${name}: enough connections`,
      () => SOURCES.every((source) => (probes.get(source)?.since(from) ?? 0) > SAMPLES_A_STEP),
      20_000,
    );
    steps.push({ name, version: await version(), from, to: new Date().toISOString(), decided, passed });
  }

  const sandboxFile = (agent: string) => join(stack.home, 'sandboxes', `${agent}.yaml`);

  async function moveWorker(): Promise<void> {
    const probe = probes.get('sbx-worker');
    await probe?.stop();
    const text = readFileSync(sandboxFile('host-b'), 'utf8');
    writeFileSync(sandboxFile('host-b'), text.replace('- id: sbx-worker\n', ''));
    writeFileSync(sandboxFile('host-a'), `${readFileSync(sandboxFile('host-a'), 'utf8')}- id: sbx-worker\n`);
    await waitFor('sbx-worker is on host-a', async () => {
      const { agents } = await get<ExplanationDto>('/explanation?from=sandbox:sbx-worker&alias=api&port=8080');
      const source = agents.find(({ roles }) => roles.includes('source'));
      return source?.agentId === 'host-a' && source.effect === 'allow';
    });
    probe?.start(await namespaceOf(stack, 'sbx-worker'));
  }

  /** Does the work while host-b reaches neither the control plane nor the bus; its peer it does. */
  async function withHostBCutOff(work: () => Promise<void>): Promise<void> {
    const { ports }: ReadyReport = JSON.parse(readFileSync(join(stack.home, 'ready.json'), 'utf8'));
    const [namespace, machine] = [`gs${ports.addressBlock}.host-b`, `10.${100 + ports.addressBlock}.0.1`];
    await partition(namespace, machine);
    await work().finally(() => endPartition(namespace));
  }

  async function rebuildProjections(): Promise<void> {
    await withRecord(stack, (client) => client.query(`TRUNCATE ${PROJECTIONS.join(', ')}`));
    process.kill(stack.pid('control-plane'), 'SIGKILL');
    const isReady = async () => (await fetch(`${stack.url}/readyz`).catch(() => null))?.ok === true;
    await waitFor('the control plane is gone', async () => !(await isReady()));
    await waitFor('the control plane has read its log again', isReady, 60_000);
  }

  before(async function () {
    this.timeout(240_000);
    stack = await startStack({ sandboxes: 'netns', env: { GLOBALSTACKS_LOG_LEVEL: 'warn' } });
    await makeNetwork(stack, 'dev', { 'sbx-web': null, 'sbx-worker': null, 'sbx-api': 'api:8080' });
    for (const from of SOURCES) {
      const probe = new SampledVerdicts(from, ADDRESS, '{"sandbox":"sbx-api"}\n');
      probes.set(from, probe);
      probe.start(await namespaceOf(stack, from));
    }
    await step('nothing is allowed', []);
    await write('allow', 'dev', '--from', 'label:tier=batch');
    await step('a rule for a label that nobody has', []);
    await stack.json(['sandbox', 'label', 'sbx-worker', 'tier=batch']);
    await step('the label', ['sbx-worker']);
    await moveWorker();
    await step('a move', ['sbx-worker']);
    const { result } = (await write('allow', 'dev', '--from', 'sandbox:sbx-web', '--for', `${LASTS_SECONDS}s`)) as {
      readonly result: { readonly until: string };
    };
    await step('a rule that ends', SOURCES);
    await waitFor('the rule has ended', () => new Date().toISOString() > result.until, LASTS_SECONDS * 1_000);
    await waitFor('its end is written', async () => (await version()) > (steps.at(-1)?.version ?? 0));
    await step('an end', ['sbx-worker']);
    await withHostBCutOff(async () => {
      await write('allow', 'dev', '--from', 'sandbox:sbx-web');
      await step('an allow that host-b has not heard of', SOURCES, ['sbx-worker']);
    });
    await step('host-b is back', SOURCES);
    for (const probe of probes.values()) await probe.stop();
    await rebuildProjections();
  });

  after(async () => {
    for (const probe of probes.values()) await probe.stop();
    await stack?.remove();
  });

  it('every connection was clearly let through or clearly reset', () => {
    expect([...probes.values()].flatMap(({ unclear }) => unclear)).to.deep.equal([]);
  });

  it('explains what was decided in each step, by version and by time', async () => {
    for (const { name, version: at, to, decided } of steps) {
      for (const source of SOURCES) {
        const expected = decided.includes(source) ? 'allow' : 'deny';
        expect((await explain(source, to)).verdict.effect, `${name}, ${source}`).to.equal(expected);
        expect((await explain(source, at)).verdict.effect, `${name}, ${source}, version ${at}`).to.equal(expected);
      }
    }
  });

  it('tells of every connection what became of it, from what the agents at both ends had applied at that time', async () => {
    for (const source of SOURCES) {
      for (const { began, ended, isAllowed } of probes.get(source)?.samples ?? []) {
        const settled = new Date(Date.parse(ended) + SETTLED_MS).toISOString();
        const [first, last] = [await wouldPass(source, began), await wouldPass(source, settled)];
        if (first === last) expect(isAllowed, `${source}, ${began} to ${ended}`).to.equal(first);
      }
      for (const each of steps) {
        const seen = judged(each, source);
        expect(seen.length, `${each.name}, ${source}`).to.be.at.least(SAMPLES_A_STEP);
        const passed = await wouldPass(source, each.to);
        expect(passed, `${each.name}, ${source}`).to.equal(each.passed.includes(source));
        for (const { isAllowed } of seen) expect(isAllowed, each.name).to.equal(passed);
      }
    }
  });

  it('names the agents that had the sandbox, and the one that was behind', async () => {
    const at = async (name: string, source: Source) => {
      const found = steps.find((each) => each.name === name);
      const { agents } = await explain(source, found?.to ?? '');
      return agents.map(({ agentId, roles, effect }) => `${agentId} ${roles.join('+')}: ${effect}`);
    };
    expect(await at('the label', 'sbx-worker')).to.deep.equal(['host-b source+target: allow']);
    expect(await at('a move', 'sbx-worker')).to.deep.equal(['host-a source: allow', 'host-b target: allow']);
    expect(await at('an allow that host-b has not heard of', 'sbx-web')).to.deep.equal([
      'host-a source: allow',
      'host-b target: deny',
    ]);
    expect(await at('host-b is back', 'sbx-web')).to.deep.equal(['host-a source: allow', 'host-b target: allow']);
  });

  it('bisect finds the versions at which the verdict turned', async () => {
    const { items } = await get<HistoryPageDto>('/history');
    const turnsOf = async (source: Source) => {
      const words = ['network', 'bisect', 'dev', `sandbox:${source}`, 'api:8080'];
      const { turns } = (await stack.json(words)) as VerdictTurnsDto;
      return turns
        .filter(({ reason }) => reason === 'ALLOWED' || reason === 'DEFAULT_DENY')
        .map(({ change }) => [change.version, change.type]);
    };
    const rules = items.filter(({ type }) => type === 'PolicyRuleAdded');
    const [again, first] = rules;
    const ended = items.find(({ type }) => type === 'PolicyRuleExpired');
    const labelled = items.find(({ type }) => type === 'SandboxLabelsChanged');
    const published = items.find(({ type }) => type === 'AliasPublished');
    expect(rules.length).to.equal(3);
    expect(await turnsOf('sbx-web')).to.deep.equal([
      [again?.version, 'PolicyRuleAdded'],
      [ended?.version, 'PolicyRuleExpired'],
      [first?.version, 'PolicyRuleAdded'],
      [published?.version, 'AliasPublished'],
    ]);
    expect(await turnsOf('sbx-worker')).to.deep.equal([
      [labelled?.version, 'SandboxLabelsChanged'],
      [published?.version, 'AliasPublished'],
    ]);
  });

  it('diff of any two versions agrees with the connections that were tried at both', async () => {
    // What was decided while host-b was away was tried everywhere once it was back.
    const tried = steps.filter(({ decided, passed }) => decided.length === passed.length);
    const passedIn = (each: Step) =>
      SOURCES.filter((source) => judged(each, source).every(({ isAllowed }) => isAllowed));
    for (const before of tried) {
      for (const after of tried) {
        const words = ['network', 'diff', 'dev', String(before.version), String(after.version)];
        const { gained, lost } = (await stack.json(words)) as NetworkDiffDto;
        const [had, has] = [passedIn(before), passedIn(after)];
        const text = `${before.name} -> ${after.name}`;
        expect(
          gained.map(({ from }) => from),
          text,
        ).to.have.members(sourcesIn(has, had));
        expect(
          lost.map(({ from }) => from),
          text,
        ).to.have.members(sourcesIn(had, has));
      }
    }
  });
});

/** Selectors of those in the first and not in the second. */
function sourcesIn(some: readonly Source[], others: readonly Source[]): readonly string[] {
  return some.filter((source) => !others.includes(source)).map((source) => `sandbox:${source}`);
}
