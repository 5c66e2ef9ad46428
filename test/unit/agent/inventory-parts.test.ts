import { expect } from 'chai';
import { mostRefused } from '#apps/agent/contact/inventory.js';
import { inventoryParts } from '#apps/agent/contact/inventory-parts.js';
import type { InventoryMessage, RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { joinInventory, parseInventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import { parseSandboxId } from '#libs/contracts/ids.js';

const MAX_BYTES = 16 * 1_024;

function report(number: number): SandboxReport {
  return {
    ...{ sandboxId: parseSandboxId(`sbx-${number}`, 'sandbox'), address: '10.78.0.2' },
    ...{ isolation: 'enforced', isolationEvidence: 'é'.repeat(number % 100), isolationRemedy: null },
    ...{ source: 'verified', dns: 'active', dnsRemedy: null, namespace: null, container: null, paused: false },
  };
}

function refusal(number: number): RefusedSandbox {
  return { name: `c${number}`, sandboxId: null, code: 'HOST_NETWORK', message: 'why', remedy: 'what to do' };
}

function inventory(sandboxes: number, refused: number): Omit<InventoryMessage, 'part'> {
  return {
    ...{ protocol: 2, bootId: 'boot-1', sequence: 4, driver: 'docker' },
    sandboxes: Array.from({ length: sandboxes }, (_, number) => report(number)),
    refused: Array.from({ length: refused }, (_, number) => refusal(number)),
  };
}

describe('the parts of an inventory', () => {
  for (const [sandboxes, refused, least] of [
    [0, 0, 1],
    [1, 1, 1],
    [30, 20, 1],
    [500, 0, 10],
    [0, 500, 3],
    [700, 300, 15],
  ] as const) {
    it(`of ${sandboxes} sandboxes and ${refused} refused ones are each small enough, and make the whole`, () => {
      const whole = inventory(sandboxes, refused);
      const parts = inventoryParts(whole, MAX_BYTES).map((part) =>
        parseInventoryMessage(JSON.parse(JSON.stringify(part))),
      );
      expect(parts.length).to.be.at.least(least);
      for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).to.be.at.most(MAX_BYTES);
      expect(joinInventory(parts)).to.deep.equal({ ...whole, part: { index: 0, count: 1 } });
    });
  }

  it('tell of as many refused ones as the control plane takes, and how many more there are', () => {
    const all = inventory(0, 1_700).refused;
    const told = mostRefused(all);
    expect(told.slice(0, -1)).to.deep.equal(all.slice(0, 999));
    expect(told.at(-1)).to.deep.include({ code: 'MORE_REFUSED', message: '701 more could not become sandboxes' });
    expect(mostRefused(all.slice(0, 1_000))).to.deep.equal(all.slice(0, 1_000));
  });

  it('name no sandbox twice', () => {
    const [part] = inventoryParts(inventory(1, 0), MAX_BYTES);
    if (part === undefined) throw new Error('there is no part');
    expect(() => joinInventory([part, part])).to.throw('a sandbox twice');
  });
});
