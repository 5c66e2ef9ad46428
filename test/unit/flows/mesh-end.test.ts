import { expect } from 'chai';
import { MeshEnd } from '#libs/data-plane/flows/flow-end.js';
import { createMemoryFlows } from '#test/support/mesh-pair.js';
import { waitFor } from '#test/support/wait.js';

describe('the end of a flow over the mesh, when it is reset', () => {
  it('has dropped what it had still to send when the call returns', () => {
    const [here, there] = createMemoryFlows(1);
    there.on('error', () => {});
    const end = new MeshEnd(here);
    // The other end reads nothing.
    while (here.write(Buffer.alloc(65_536)));
    end.reset('EXPLICIT_DENY');
    expect(here.destroyed).to.equal(true);
  });

  it('waits for its turn when nothing is left to send', async () => {
    const [here, there] = createMemoryFlows(1);
    const end = new MeshEnd(here);
    const reset = new Promise((resolve) => there.once('error', resolve));
    end.reset('EXPLICIT_DENY');
    expect(here.destroyed).to.equal(false);
    await waitFor('its turn', () => here.destroyed);
    expect(await reset).to.have.property('code', 'EXPLICIT_DENY');
  });
});
