import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const alerts = readFileSync(join(CLONE, 'deploy/alerts.yaml'), 'utf8');
const described = readFileSync(join(CLONE, 'docs/metrics.md'), 'utf8');

describe('deploy/alerts.yaml', () => {
  it('asks only for metrics that docs/metrics.md describes', () => {
    const known = new Set([...described.matchAll(/^\| `(gs_[a-z_]+)/gm)].map(([, name]) => name));
    const asked = [...alerts.matchAll(/\b(gs_[a-z_]+?)(_bucket|_count|_sum)?\b(?=[{[ )])/g)].map(([, name]) => name);
    expect(asked).to.have.length.at.least(13);
    for (const name of asked) expect(known.has(name), `${name}`).to.equal(true);
  });

  it('has no alert of which docs/metrics.md does not say what to do', () => {
    const raised = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    const answered = [...described.matchAll(/^\| `(GlobalStacks\w+)`/gm)].map(([, name]) => name);
    expect(raised).to.deep.equal(answered);
  });
});
