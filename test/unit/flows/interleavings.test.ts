import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import type { FlowId } from '#libs/contracts/ids.js';
import { FlowRig } from '#test/support/flow-rig.js';
import { createHeldDial, type HeldDial } from '#test/support/held-dial.js';

type Step = 'connect' | 'write' | 'release' | 'allow' | 'deny' | 'turn' | 'settle';

const steps = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 3, arbitrary: fc.constant('connect') },
    { weight: 4, arbitrary: fc.constant('write') },
    { weight: 4, arbitrary: fc.constant('release') },
    { weight: 2, arbitrary: fc.constant('allow') },
    { weight: 1, arbitrary: fc.constant('deny') },
    { weight: 2, arbitrary: fc.constant('turn') },
    { weight: 1, arbitrary: fc.constant('settle') },
  ),
  { minLength: 5, maxLength: 30 },
);

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn();
}

/** Runs one rig through the steps; compares what was written at each denial with what is written at the end. */
async function play(target: 'same host' | 'other host', script: readonly Step[]): Promise<{ passed: number }> {
  const held: HeldDial[] = [];
  const clients: Socket[] = [];
  const released = new Set<HeldDial>();
  const deniedFlows: { readonly flowId: FlowId; readonly after: number }[] = [];
  const denied: { readonly dial: HeldDial; readonly writes: number }[] = [];
  const rig = await FlowRig.start({
    target,
    serve: (socket) => socket.resume(),
    seams: { dial: createHeldDial((dial) => held.push(dial)) },
  });
  let version = 1;
  rig.apply(rig.view(version));
  try {
    for (const step of script) {
      if (step === 'connect') {
        clients.push(rig.connect());
        await turns(3);
      } else if (step === 'write') {
        for (const client of clients) client.write('bytes');
      } else if (step === 'release') {
        const dial = held.find((candidate) => !released.has(candidate));
        if (dial === undefined) continue;
        dial.release();
        released.add(dial);
      } else if (step === 'turn') {
        await turn();
      } else if (step === 'settle') {
        await turns(10);
      } else {
        version += 1;
        const known = [...rig.hostA.flows(), ...rig.hostB.flows()];
        rig.apply(step === 'allow' ? rig.view(version) : rig.denyingView(version));
        if (step === 'allow') continue;
        expect([...rig.hostA.flows(), ...rig.hostB.flows()]).to.deep.equal([]);
        const after = rig.records.filter(({ outcome }) => outcome === 'opened').length;
        deniedFlows.push(...known.map(({ flowId }) => ({ flowId, after })));
        denied.push(...held.map((dial) => ({ dial, writes: dial.writes() })));
      }
    }
    for (const dial of held) dial.release();
    for (const client of clients) client.write('at the end');
    await turns(20);
    for (const { dial, writes } of denied) expect(dial.writes()).to.equal(writes);
    const opened = rig.records.filter(({ outcome }) => outcome === 'opened');
    for (const { flowId, after } of deniedFlows) {
      expect(opened.slice(after).map((record) => record.flowId)).to.not.include(flowId);
    }
    return { passed: held.filter((dial) => dial.writes() > 0).length };
  } finally {
    await rig.close();
  }
}

describe('any order of connecting, writing, dialling and policy', () => {
  for (const target of ['same host', 'other host'] as const) {
    it(`passes no byte to the ${target} after a denial was applied`, async () => {
      let passed = 0;
      await fc.assert(
        fc.asyncProperty(steps, async (script) => {
          passed += (await play(target, script)).passed;
        }),
        { numRuns: 60 },
      );
      expect(passed, 'flows that carried bytes in all runs').to.be.greaterThan(20);
    });
  }
});
