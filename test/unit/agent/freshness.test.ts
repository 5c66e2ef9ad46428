import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Moment, secondsBetween, systemClock } from '#apps/agent/contact/boot-clock.js';
import { openFreshness } from '#apps/agent/contact/freshness.js';
import { waitFor } from '#test/support/wait.js';

const moment = (bootId: string, uptimeSeconds: number, wallSeconds: number): Moment => ({
  bootId,
  uptimeSeconds,
  wallMs: wallSeconds * 1_000,
});

describe('the time since the control plane last answered', () => {
  const rows: readonly (readonly [string, Moment, Moment, number])[] = [
    ['by the uptime within one run', moment('a', 100, 0), moment('a', 160, 5), 60],
    ['a suspended host: the uptime counts it', moment('a', 100, 0), moment('a', 90_100, 90_000), 90_000],
    ['a wall clock set back, within one run', moment('a', 100, 9_000), moment('a', 101, 0), 1],
    ['over a reboot, by the wall clock', moment('a', 100, 1_000), moment('b', 5, 1_300), 300],
    ['over a reboot with the clock set back: unknown', moment('a', 100, 1_000), moment('b', 5, 900), Infinity],
    ['an uptime that went back: unknown', moment('a', 100, 0), moment('a', 5, 50), Infinity],
  ];
  for (const [what, earlier, later, expected] of rows) {
    it(what, () => expect(secondsBetween(earlier, later)).to.equal(expected));
  }

  it("the host's own clock goes on as the kernel's does", async () => {
    const clock = systemClock();
    const first = clock();
    await waitFor('it has gone on', () => secondsBetween(first, clock()) >= 0.1);
    expect(Math.abs(clock().uptimeSeconds - uptime())).to.be.below(1);
  });

  describe('kept on disk', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'gs-fresh-'));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('outlives a restart, and never looks fresher than it was', async () => {
      let seconds = 1_000;
      const clock = () => moment('a', seconds, seconds);
      const errors: unknown[] = [];
      const open = () => openFreshness(join(folder, 'contact.json'), clock, (error) => errors.push(error));
      const first = await open();
      expect(first.isWithin(1_000_000)).to.equal(false);
      first.contact();
      seconds += 5;
      first.contact();
      await first.close();
      expect(first.secondsSinceContact()).to.equal(0);
      seconds += 55;
      const second = await open();
      expect(second.secondsSinceContact()).to.equal(60);
      expect([second.isWithin(60), second.isWithin(59)]).to.deep.equal([true, false]);
      expect(errors).to.deep.equal([]);
    });

    it('that cannot be read counts as never', async () => {
      writeFileSync(join(folder, 'contact.json'), '{"uptimeSeconds":0}');
      const errors: unknown[] = [];
      const freshness = await openFreshness(
        join(folder, 'contact.json'),
        () => moment('a', 1, 1),
        (error) => errors.push(error),
      );
      expect(freshness.isWithin(1_000_000)).to.equal(false);
      expect(errors).to.have.length(1);
    });
  });
});
