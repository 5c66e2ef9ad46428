import { expect } from 'chai';
import { labelledText } from '#apps/agent/commands/host-checks.js';

const MORE = '; `gstacks agent list` names those that are not served';

describe('what a doctor says of containers', () => {
  for (const [labels, said] of [
    [[], '0 of 0 containers have a label of sandboxes'],
    [[{}, { maintainer: 'ada' }], '0 of 2 containers have a label of sandboxes'],
    [[{ 'gstacks.sandbox': 'sbx-web' }, {}], '1 of 2 containers have a label of sandboxes'],
    [[{ 'gstacks.sandbox': '' }, { 'gstacks.attach': 'auto' }], '2 of 2 containers have a label of sandboxes'],
  ] as const) {
    it(`${JSON.stringify(labels)}: ${said}`, () => {
      expect(labelledText(labels.map((each) => ({ labels: each })))).to.equal(`${said}${MORE}`);
    });
  }
});
