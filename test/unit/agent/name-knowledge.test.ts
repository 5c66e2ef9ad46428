import { expect } from 'chai';
import { NameKnowledge } from '#apps/agent/dns/name-knowledge.js';
import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';

const [DEV, PROD] = ['n-dev', 'n-prod'] as NetworkId[] as [NetworkId, NetworkId];
const [WEB, API] = ['sbx-web', 'sbx-api'] as SandboxId[] as [SandboxId, SandboxId];

/** Time passes only by `pass`. */
function rig() {
  let nowMs = 1_000;
  let due: { readonly work: () => void; readonly atMs: number } | null = null;
  let changes = 0;
  const knowledge = new NameKnowledge({
    now: () => nowMs,
    later: (work, delayMs) => {
      const mine = { work, atMs: nowMs + delayMs };
      due = mine;
      return {
        cancel: () => {
          if (due === mine) due = null;
        },
      };
    },
    changed: () => {
      changes += 1;
    },
  });
  return {
    knowledge,
    knows: (sandboxId: SandboxId, ...published: NetworkId[]) =>
      knowledge.knowsNetworksOf(sandboxId, new Set(published)),
    pass(milliseconds: number) {
      nowMs += milliseconds;
      const task = due;
      if (task !== null && task.atMs <= nowMs) {
        due = null;
        task.work();
      }
    },
    changes: () => changes,
    isWaiting: () => due !== null,
  };
}

describe('what an agent knows of the names of its sandboxes', () => {
  it('is nothing before the control plane has named the networks and answered for the sandbox, and its time passed', () => {
    const { knowledge, knows, pass } = rig();
    const seen = [knows(WEB, DEV)];
    knowledge.contacted([DEV]);
    seen.push(knows(WEB, DEV));
    knowledge.reported([WEB]);
    seen.push(knows(WEB, DEV));
    pass(1_999);
    seen.push(knows(WEB, DEV));
    pass(1);
    expect([...seen, knows(WEB, DEV), knows(API, DEV)]).to.deep.equal([false, false, false, false, true, false]);
  });

  it('is not all while a network that was named has not come', () => {
    const { knowledge, knows, pass } = rig();
    knowledge.contacted([DEV, PROD]);
    knowledge.reported([WEB]);
    pass(2_000);
    expect([knows(WEB), knows(WEB, DEV), knows(WEB, DEV, PROD)]).to.deep.equal([false, false, true]);
    knowledge.contacted([DEV]);
    expect(knows(WEB, DEV)).to.equal(true);
  });

  it('counts the time of a sandbox from its first report, and anew when it was gone between two', () => {
    const { knowledge, knows, pass } = rig();
    knowledge.contacted([]);
    knowledge.reported([WEB]);
    pass(1_500);
    knowledge.reported([WEB, API]);
    pass(500);
    expect([knows(WEB), knows(API)]).to.deep.equal([true, false]);
    pass(1_500);
    expect(knows(API)).to.equal(true);
    knowledge.reported([API]);
    knowledge.reported([WEB, API]);
    expect([knows(WEB), knows(API)]).to.deep.equal([false, true]);
  });

  it('is told of after a timer that was early, also when the time comes while it tells', () => {
    let nowMs = 0;
    const timers: (() => void)[] = [];
    const told: boolean[] = [];
    const knowledge: NameKnowledge = new NameKnowledge({
      now: () => nowMs,
      later: (work) => {
        timers.push(work);
        return { cancel: () => {} };
      },
      changed: () => {
        told.push(knowledge.knowsNetworksOf(WEB, new Set([DEV])));
        nowMs += 1;
      },
    });
    knowledge.contacted([DEV]);
    knowledge.reported([WEB]);
    nowMs = 2_000.5;
    for (let work = timers.shift(); work !== undefined; work = timers.shift()) work();
    expect(told.at(-1)).to.equal(true);
  });

  it('is told of when it changes, and not otherwise', () => {
    const { knowledge, pass, changes, isWaiting } = rig();
    knowledge.contacted([DEV]);
    knowledge.contacted([DEV]);
    expect(changes()).to.equal(1);
    knowledge.contacted([DEV, PROD]);
    knowledge.contacted([PROD, DEV]);
    expect(changes()).to.equal(2);
    knowledge.reported([WEB]);
    pass(1_000);
    knowledge.reported([WEB, API]);
    pass(1_000);
    expect([changes(), isWaiting()]).to.deep.equal([3, true]);
    pass(1_000);
    expect([changes(), isWaiting()]).to.deep.equal([4, false]);
  });

  it('lets its clock go when it is closed', () => {
    const { knowledge, isWaiting } = rig();
    knowledge.reported([WEB]);
    knowledge.close();
    expect(isWaiting()).to.equal(false);
  });
});
