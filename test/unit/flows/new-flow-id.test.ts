import { expect } from 'chai';
import { newFlowId } from '#libs/data-plane/flows/new-flow-id.js';

describe('the id of a new flow', () => {
  it('is of 32 hexadecimal digits, and never the same', () => {
    const ids = Array.from({ length: 2_000 }, newFlowId);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{32}$/);
  });
});
