import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { formatSelector, parseSelector, SELECTOR_FORM_OF, SELECTOR_FORMS } from '#libs/contracts/selectors.js';
import { CLONE } from '#test/support/clone.js';
import { refused, shown } from './refused.js';

describe('a selector', () => {
  const accepted: readonly (readonly [text: string, selector: object])[] = [
    ['local', { kind: 'local' }],
    ['any', { kind: 'any' }],
    ['local:ada', { kind: 'local-user', user: 'ada' }],
    ['sandbox:sbx-1', { kind: 'sandbox', sandboxId: 'sbx-1' }],
    ['sandbox:a.b_c', { kind: 'sandbox', sandboxId: 'a.b_c' }],
    ['label:tier=web', { kind: 'label', key: 'tier', value: 'web' }],
    ['label:example.com/tier=Web_1.0', { kind: 'label', key: 'example.com/tier', value: 'Web_1.0' }],
    ['api', { kind: 'alias', alias: 'api' }],
    ['sandbox', { kind: 'alias', alias: 'sandbox' }],
    ['label', { kind: 'alias', alias: 'label' }],
  ];
  for (const [text, selector] of accepted) {
    it(`may be ${text}`, () => {
      expect(parseSelector(text, 'from')).to.deep.equal(selector);
      expect(formatSelector(parseSelector(text, 'from'))).to.equal(text);
    });
  }

  const bad = [
    '',
    ' ',
    'Api',
    'any ',
    'any:',
    'any:x',
    'local:',
    'local:Ada',
    'local:ada:bob',
    'sandbox:',
    'sandbox:-x',
    'sandbox:a b',
    'label:',
    'label:tier',
    'label:tier=',
    'label:=web',
    'label:tier=web=db',
    'label:Tier=web',
    'label:tier=a b',
    `label:tier=${'x'.repeat(64)}`,
    'nothing:host-a',
    'constructor:host-a',
    ':',
    ':x',
    '*',
    'api:8080',
    'a\nb',
    undefined,
    null,
    7,
    {},
    ['any'],
  ];
  for (const value of bad) it(`may not be ${shown(value)}`, () => refused(() => parseSelector(value, 'from'), 'from'));

  it('is shown above in every kind there is', () => {
    const kinds = accepted.map(([text]) => parseSelector(text, 'from').kind);
    expect(new Set(kinds)).to.deep.equal(new Set(Object.keys(SELECTOR_FORM_OF)));
  });

  it('has its forms in one sentence', () => {
    expect(SELECTOR_FORMS).to.equal(
      'local, local:<user>, sandbox:<id>, label:<key>=<value>, any, or an alias of the network',
    );
  });

  for (const page of ['docs/cli.md', 'docs/glossary.md']) {
    for (const form of Object.values(SELECTOR_FORM_OF)) {
      it(`is described in ${page}: ${form}`, () => {
        const text = readFileSync(join(CLONE, page), 'utf8').replaceAll(/\s+/g, ' ');
        expect(text).to.include(form.includes(' ') ? form : `\`${form}\``);
      });
    }
  }

  it('is printed as it was written, whatever was accepted', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^(local|sandbox|label|any)?:?[A-Za-z0-9._=/-]{0,12}$/));
    fc.assert(
      fc.property(text, (value) => {
        let selector: ReturnType<typeof parseSelector>;
        try {
          selector = parseSelector(value, 'from');
        } catch {
          return;
        }
        expect(formatSelector(selector)).to.equal(value);
      }),
      { numRuns: 2000 },
    );
  });
});
