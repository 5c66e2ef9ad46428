import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { PublicKeyInvalidError, parsePublicKey } from '#libs/audit/signed-head.js';
import { verifyExport } from '#libs/audit/verify-export.js';
import { chainedEvents, exportText, headSigner, rechained } from '#test/support/chained-events.js';

const LENGTH = 5;

describe('checking an exported log', () => {
  const events = chainedEvents(LENGTH);
  const signer = headSigner();
  const head = signer.headOf(events);
  const whole = exportText(events, head);
  const lines = whole.split('\n').slice(0, -1);

  async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  }
  const check = async (text: string | Uint8Array, size = 1_000_000) =>
    (await verifyExport(inChunks(Buffer.from(text), size), [signer.publicKey])).found;
  const joined = (some: readonly (string | undefined)[]) => some.map((line) => `${line}\n`).join('');

  it('finds an untouched export whole, in whatever chunks it is read', async () => {
    const { position, hash } = head;
    for (const size of [1, 7, 1_000_000]) {
      expect(await check(whole, size)).to.deep.equal({ kind: 'intact', head: { position, hash } });
    }
  });

  it('takes a log without events', async () => {
    expect(await check(exportText([], signer.headOf([])))).to.have.property('kind', 'intact');
  });

  it('finds a change of any byte, at the event of its line', async () => {
    const short = chainedEvents(2);
    const bytes = Buffer.from(exportText(short, signer.headOf(short)));
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const line = bytes.subarray(0, at).toString('latin1').split('\n').length;
      const found = await check(changed);
      if (found.kind === 'intact') expect.fail(`byte ${at} of line ${line} was changed, and not found`);
      if (line <= short.length) expect(found.position, `byte ${at} of line ${line}`).to.equal(line);
    }
  });

  const [first, second, third, fourth, fifth, last] = lines;
  const cuts = [
    ['its first line cut off', joined([second, third, fourth, fifth, last]), 'MISSING', 1],
    ['a line in the middle cut out', joined([first, second, fourth, fifth, last]), 'MISSING', 3],
    ['the last events cut out', joined([first, second, third, last]), 'TAIL_LOST', 4],
    ['its head cut off', joined([first, second, third, fourth, fifth]), 'HEAD_MISSING', 6],
    ['its end cut off', joined([first, second, third]), 'HEAD_MISSING', 4],
    ['half a line cut off', whole.slice(0, -20), 'UNREADABLE', 6],
    ['two lines swapped', joined([first, third, second, fourth, fifth, last]), 'MISSING', 2],
    ['a line twice', joined([first, second, second, third, fourth, fifth, last]), 'MISSING', 3],
    ['a line after the head', joined([...lines, fifth]), 'UNREADABLE', 6],
    ['an empty line', joined([first, '', second, third, fourth, fifth, last]), 'UNREADABLE', 2],
    ['nothing in it', '', 'HEAD_MISSING', 1],
    ['something else in it', 'hello\n', 'UNREADABLE', 1],
    ['another form of the same event', whole.replace('{"position":2,', '{ "position":2,'), 'UNREADABLE', 2],
  ] as const;
  for (const [what, text, problem, position] of cuts) {
    it(`finds one with ${what}`, async () =>
      expect(await check(text)).to.include({ kind: 'broken', problem, position }));
  }

  it('finds a line that is no UTF-8, and says which', async () => {
    const bytes = Buffer.from(whole);
    bytes[bytes.indexOf('Wrote', (first ?? '').length)] = 0xff;
    expect(await check(bytes)).to.include({ problem: 'UNREADABLE', position: 2 });
    for (const size of [7, 1_000_000]) {
      expect(await check(bytes, size))
        .to.have.property('detail')
        .that.includes('line 2 ');
    }
    expect(await check(joined([...lines, fifth])))
      .to.have.property('detail')
      .that.includes('line 7 ');
  });

  it('reads no further than the first problem', async () => {
    const text = joined([first, third, last]);
    const { found, head: reached } = await verifyExport(inChunks(Buffer.from(text), 7), [signer.publicKey]);
    expect(found).to.include({ problem: 'MISSING', position: 2 });
    expect(reached).to.equal(null);
  });

  it('finds a log that was written again, with a chain of its own, under the former head', async () => {
    const again = rechained(events.map((event) => ({ ...event, actor: 'user:mallory' })));
    expect(await check(exportText(again, head))).to.include({ problem: 'REWRITTEN', position: LENGTH });
    const longer = chainedEvents(LENGTH + 1);
    expect(await check(exportText(longer, head))).to.include({ problem: 'REWRITTEN', position: LENGTH });
  });

  it('finds a head that was signed with another key, or for another end', async () => {
    expect(await check(exportText(events, headSigner().headOf(events)))).to.include({ problem: 'HEAD_FOREIGN' });
    const short = events.slice(0, 3);
    const moved = { ...signer.headOf(events), position: 3, hash: short.at(-1)?.hash ?? '' };
    expect(await check(exportText(short, moved))).to.include({ problem: 'HEAD_FOREIGN', position: 3 });
  });

  it('takes a public key in PEM or as one line, and no other key', () => {
    const der = signer.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const pem = signer.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    // Text after a key in PEM is not part of it (RFC 7468).
    for (const text of [der, pem, `${pem}\n`, `\n${pem}`, `${pem}of the control plane\n`])
      expect(parsePublicKey(text, 'file').equals(signer.publicKey)).to.equal(true);
    const { publicKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const otherKind = other.export({ type: 'spki', format: 'pem' }).toString();
    for (const text of ['', 'hello', pem.replace('MCow', 'MCoz'), otherKind]) {
      expect(() => parsePublicKey(text, 'audit.pem'))
        .to.throw(PublicKeyInvalidError, 'audit.pem holds no Ed25519 public key')
        .with.property('code', 'PUBLIC_KEY_INVALID');
    }
  });
});
