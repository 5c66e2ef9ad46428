import { expect } from 'chai';
import type { Statement } from '#test/truth/judge.js';
import { type Flow, NOTHING, type Write, written } from '#test/truth/model.js';
import { ProvenDenials } from '#test/truth/proven-denials.js';

const FLOW: Flow = { network: 'dev', source: 'sbx-web', alias: 'api', port: 80 };
const STATEMENT: Statement = { kind: 'applied', words: 'applied by 2/2', network: 'dev', followedBy: [] };
const OTHER: Write = { kind: 'publish', network: 'dev', alias: 'db', sandbox: 'sbx-api', ports: [80] };
const allow = (alias: string): Write => ({
  kind: 'add-rule',
  network: 'dev',
  id: alias,
  rule: { effect: 'allow', from: 'any', to: alias, port: 80 },
});

const denied = [
  { kind: 'attach', network: 'dev', sandbox: 'sbx-web', publishes: null },
  { kind: 'attach', network: 'dev', sandbox: 'sbx-api', publishes: { alias: 'api', ports: [80] } },
].reduce((model, write) => written(model, write as Write), NOTHING);
const allowed = written(denied, allow('api'));

describe('proven denials of the truth test', () => {
  const answered = { kind: 'answered', by: 'sbx-api' } as const;
  const names = (write: Write) => (flow: Flow) =>
    write.kind === 'add-rule' && write.rule.effect === 'allow' && write.rule.to === flow.alias;

  const proven = (): ProvenDenials => {
    const denials = new ProvenDenials();
    denials.prove(FLOW, STATEMENT, 3);
    return denials;
  };

  it('are lost when a dial is answered and nobody took them back', () => {
    expect(proven().contradiction(FLOW, answered)).to.match(/proven to be denied in step 3 .* sbx-api answered/);
    expect(proven().contradiction(FLOW, { kind: 'unanswered', why: 'ECONNRESET' })).to.equal(null);
    expect(proven().contradiction({ ...FLOW, port: 81 }, answered)).to.equal(null);
  });

  it('are taken back by a write that allows the flow', () => {
    const denials = proven();
    denials.granted(denied, allowed, names(allow('api')));
    expect(denials.contradiction(FLOW, answered)).to.equal(null);
  });

  it('outlive a restored store that allows the flow, and writes to it about something else', () => {
    const denials = proven();
    denials.granted(allowed, written(allowed, OTHER), names(OTHER));
    expect(denials.contradiction(FLOW, answered)).to.not.equal(null);
  });

  it('are taken back in a restored store by a write that allows the flow again', () => {
    const denials = proven();
    denials.granted(allowed, allowed, names(allow('api')));
    expect(denials.contradiction(FLOW, answered)).to.equal(null);
  });

  it('are taken back by an operator who accepts a store that allows the flow, and by no other store', () => {
    const denials = proven();
    denials.accepted(denied);
    expect(denials.contradiction(FLOW, answered)).to.not.equal(null);
    denials.accepted(allowed);
    expect(denials.contradiction(FLOW, answered)).to.equal(null);
  });
});
