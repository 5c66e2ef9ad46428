import { expect } from 'chai';
import { dialledAliases, missingAliases } from '#test/truth/many-aliases.js';
import { type NetworkModel, NOTHING, written } from '#test/truth/model.js';

const EMPTY: NetworkModel = { attached: [], aliases: {}, rules: {} };
const TWO: NetworkModel = {
  attached: ['sbx-web', 'sbx-api'],
  aliases: { api: { sandbox: 'sbx-api', ports: [80] } },
  rules: { r1: { effect: 'allow', from: 'many-00001', to: 'many-00003', port: 7_000 } },
};

describe('a network that the truth test fills', () => {
  it('gets as many aliases as it lacks, each of an attached sandbox, and none that a rule names', () => {
    const missing = missingAliases(TWO, 5);
    expect(missing.map(({ alias }) => alias)).to.deep.equal(['many-00000', 'many-00002', 'many-00004', 'many-00005']);
    expect(new Set(missing.map(({ sandbox }) => sandbox))).to.deep.equal(new Set(TWO.attached));
    const model = written({ ...NOTHING, networks: { dev: TWO } }, { kind: 'fill', network: 'dev', aliases: missing });
    expect(Object.keys(model.networks.dev?.aliases ?? {})).to.have.length(5);
    expect(missingAliases(model.networks.dev, 5)).to.deep.equal([]);
  });

  it('gets none while no sandbox is attached', () => {
    expect(missingAliases(EMPTY, 5)).to.deep.equal([]);
    expect(missingAliases(undefined, 5)).to.deep.equal([]);
  });

  it('has single writes about those that are dialled alone', () => {
    const published = { sandbox: 'sbx-web', ports: [7_000] } as const;
    const aliases = { web: published, filler: published, 'many-00000': published, 'many-00500': published };
    expect(dialledAliases({ ...EMPTY, aliases })).to.deep.equal(['filler', 'many-00000', 'web']);
  });
});
