import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DeclarationFileError, readDeclarationFile } from '#apps/cli/declaration/declaration-file.js';
import { declarationYaml } from '#apps/cli/declaration/declaration-yaml.js';
import { CLONE } from '#test/support/clone.js';

const EXAMPLE = readFileSync(join(CLONE, 'docs/examples/network.yaml'), 'utf8');

/** Each list contains the one before ten times: four lines become a thousand words. */
const ten = (item: string) => `[${Array(10).fill(item).join(', ')}]`;
const REPEATED = `a: &a ${ten('x')}\nb: &b ${ten('*a')}\nc: &c ${ten('*b')}\nd: ${ten('*c')}`;

describe('a file that declares a network', () => {
  let folder: string;
  const read = (text: string) => {
    const path = join(folder, 'network.yaml');
    writeFileSync(path, text);
    return readDeclarationFile(path);
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-declaration-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is read whole, and a member is found again in it', () => {
    const { network, declaration, placeOf } = read(EXAMPLE);
    expect(network).to.equal('dev');
    expect(declaration.sandboxes[0]).to.deep.equal({
      sandbox: 'sbx-api',
      aliases: [
        {
          alias: 'api',
          ports: [
            { published: 80, target: 8080 },
            { published: 8080, target: 8080 },
          ],
        },
      ],
    });
    expect(declaration.rules.map(({ from, to }) => `${from} ${to}`)).to.deep.equal(['web api', 'local web']);
    expect(declaration.egress[0]).to.include({ to: '*.example.com', private: false, via: null });
    expect(placeOf('egress[0].to')).to.match(/network\.yaml:31:9$/);
    expect(placeOf('egress[0].via'), 'where it is not there').to.match(/network\.yaml:29:5$/);
  });

  it('is printed as it is read', () => {
    const { network, declaration } = read(EXAMPLE);
    const plain = JSON.parse(JSON.stringify(declaration));
    const printed = declarationYaml({ network, version: 1, ...plain });
    expect(read(printed).declaration, printed).to.deep.equal(declaration);
    expect(
      read(declarationYaml({ network, version: 1, sandboxes: [], rules: [], egress: [] })).declaration,
    ).to.deep.equal({ sandboxes: [], rules: [], egress: [] });
  });

  const faults: readonly (readonly [string, string, string, string])[] = [
    ['port: 8080\n  - effect', 'port: 99999\n  - effect', '21:11: rules[0].port', 'INVALID_INPUT'],
    ['effect: allow', 'effect: perhaps', '18:13: rules[0].effect', 'INVALID_INPUT'],
    ['    to: api', '    too: api', '20:5: rules[0].too', 'UNKNOWN_FIELD'],
    ['rules:', 'policy:', '17:1: policy', 'UNKNOWN_FIELD'],
    ['    to: api\n', '', '18:5: rules[0].to is missing', 'FIELD_MISSING'],
    ['network: dev', 'network: Dev', '2:10: network', 'INVALID_INPUT'],
    ['network: dev', '', '5:1: network is missing', 'FIELD_MISSING'],
    ['sandbox: sbx-web', 'sandbox: sbx-api', '10:14: sandboxes[1].sandbox', 'DECLARED_TWICE'],
    ['alias: web', 'alias: api', '12:16: sandboxes[1].aliases[0].alias', 'DECLARED_TWICE'],
    ['    from: local\n    to: web', '    from: web\n    to: api', '22:5: rules[1]', 'DECLARED_TWICE'],
    ['"80:8080"', '"80:8080/udp"', '9:16: sandboxes[0].aliases[0].ports', 'UDP_UNSUPPORTED'],
    ['from: web', 'from: label:tier', '19:11: rules[0].from', 'INVALID_INPUT'],
    ['network: dev', 'network: [dev', '5:1: ', 'NOT_YAML'],
    ['rules:', 'network: dev\nrules:', '17:1: ', 'NOT_YAML'],
    ['network: dev', REPEATED, '2:1: the file: ', 'INVALID_INPUT'],
    ['to: api', 'to: !secret api', '20:9: ', 'NOT_YAML'],
    [EXAMPLE, '- a list\n', '1:1: ', 'INVALID_INPUT'],
    [EXAMPLE, '', '1:1: ', 'INVALID_INPUT'],
  ];
  for (const [from, to, place, code] of faults) {
    it(`is refused where ${JSON.stringify(from.slice(0, 40))} is ${JSON.stringify(to.slice(0, 40))}: ${code}`, () => {
      expect(EXAMPLE).to.contain(from);
      expect(() => read(EXAMPLE.replace(from, to)))
        .to.throw(DeclarationFileError, `network.yaml:${place}`)
        .and.include({ code });
    });
  }

  it('is refused where it is missing', () => {
    expect(() => readDeclarationFile(join(folder, 'none.yaml')))
      .to.throw(DeclarationFileError, 'there is no file')
      .and.include({ code: 'FILE_UNREADABLE' });
  });
});
