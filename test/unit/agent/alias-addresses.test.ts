import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AliasAddresses, openAliasAddresses } from '#apps/agent/proxy/alias-addresses.js';
import { type AliasName, parseAliasName, parseNetworkId } from '#libs/contracts/ids.js';
import { ADDRESS_REST_MS } from '#libs/data-plane/proxy/range-holdings.js';

const NETWORK = parseNetworkId('0a', 'network');
const alias = (name: string): AliasName => parseAliasName(name, 'alias');

describe("the file of the aliases' addresses", () => {
  let folder: string;
  let nowMs: number;
  let damaged: unknown[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-addresses-'));
    nowMs = 0;
    damaged = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const path = () => join(folder, 'addresses.json');
  const journal = () => join(folder, 'addresses.journal');
  const open = (range = '127.77.0.0/16'): Promise<AliasAddresses> =>
    openAliasAddresses(
      path(),
      { range, reserved: [], isTaken: () => false },
      () => nowMs,
      (_, error) => damaged.push(error),
    );

  it('takes a line for each alias that comes or goes, however many there are', async () => {
    const addresses = await open();
    for (let index = 0; index < 5_000; index += 1) addresses.assign(NETWORK, alias(`a${index}`));
    await addresses.save();
    const written = readFileSync(path(), 'utf8');
    const given = addresses.assign(NETWORK, alias('new'));
    await addresses.save();
    addresses.release(NETWORK, alias('a7'));
    await addresses.save();
    await addresses.save();
    expect(readFileSync(path(), 'utf8') === written).to.equal(true);
    expect(statSync(journal()).size).to.be.lessThan(1_000);

    const again = await open();
    expect(damaged).to.deep.equal([]);
    expect([again.addressOf(NETWORK, alias('new')), again.addressOf(NETWORK, alias('a7'))]).to.deep.equal([
      given,
      null,
    ]);
    expect(again.addressOf(NETWORK, alias('a8'))).to.equal(addresses.addressOf(NETWORK, alias('a8')));
  });

  it('gives an address that rested to its later owner alone', async () => {
    const range = '10.77.0.0/30';
    const addresses = await open(range);
    for (const name of ['one', 'two']) addresses.assign(NETWORK, alias(name));
    await addresses.save();
    const rested = addresses.addressOf(NETWORK, alias('one'));
    addresses.release(NETWORK, alias('one'));
    await addresses.save();
    nowMs = ADDRESS_REST_MS + 1;
    expect(addresses.assign(NETWORK, alias('three'))).to.equal(rested);
    await addresses.save();
    const again = await open(range);
    expect(again.addressOf(NETWORK, alias('three'))).to.equal(rested);
    again.release(NETWORK, alias('two'));
    nowMs += ADDRESS_REST_MS + 1;
    expect(again.assign(NETWORK, alias('one'))).not.to.equal(rested);
  });

  it('begins anew with a journal that cannot be read, once', async () => {
    const addresses = await open();
    for (const name of ['one', 'two']) {
      addresses.assign(NETWORK, alias(name));
      await addresses.save();
    }
    writeFileSync(journal(), readFileSync(journal(), 'utf8').replace('two', 'tww'));
    const anew = await open();
    expect(anew.addressOf(NETWORK, alias('one'))).to.equal(null);
    expect(damaged).to.have.length(1);
    anew.assign(NETWORK, alias('one'));
    await anew.save();
    await open();
    expect(damaged).to.have.length(1);
  });
});
