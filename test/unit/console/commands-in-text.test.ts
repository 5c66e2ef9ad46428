import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FIRST_WORDS, withCommands } from '#apps/console/vocabulary/commands-in-text.js';
import { CLONE } from '#test/support/clone.js';

/** Texts of the control plane and of agents; the commands in them are between « and ». */
const texts: readonly string[] = [
  'nothing to type here',
  'see «gstacks network list»',
  'detach them, or use «gstacks network delete dev --detach-all»',
  'remove them with «gstacks network policy remove dev <rule-id>»',
  'see «gstacks sandbox list»; a sandbox appears once the agent of its host sees it',
  'ask an admin whether you may join again; then «gstacks mesh leave» and «gstacks mesh join»',
  'a machine with «gstacks mesh leave» and «gstacks mesh join»',
  'not proven before a new epoch («gstacks admin new-epoch»): host-a is ahead',
  'publish the port that it listens on: «gstacks network alias add dev sbx-api closed --port 7777:<port inside> --replace-ports»',
  'log in with «gstacks login».',
  'closed.dev.gstacks is 127.80.245.253 in revision 7',
  'create shop-api-1 again with --network gstacks --dns 172.30.0.1',
];

describe('a text with commands', () => {
  for (const text of texts) {
    const said = text.replaceAll(/[«»]/g, '');
    it(`shows what can be typed: ${said}`, () => {
      const shown = withCommands(said).map((piece) => (typeof piece === 'string' ? piece : `«${piece.typed}»`));
      expect(shown.join('')).to.equal(text);
    });
  }

  it('knows how every command begins', () => {
    const { commands } = JSON.parse(readFileSync(join(CLONE, 'oclif.manifest.json'), 'utf8')) as { commands: object };
    const words = new Set(Object.keys(commands).map((id) => id.split(':')[0] ?? ''));
    expect([...FIRST_WORDS]).to.deep.equal([...words].sort());
  });

  it('takes what stands between backquotes as it is', () => {
    expect(withCommands('see `gstacks network list`, or `docker ps`')).to.deep.equal([
      'see ',
      { typed: 'gstacks network list' },
      ', or ',
      { typed: 'docker ps' },
    ]);
  });
});
