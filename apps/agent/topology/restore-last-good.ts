import type { Acknowledgements } from '#libs/member/acknowledgements.js';
import type { Freshness } from '../contact/freshness.js';
import type { Counters } from '../foundation/counters.js';
import type { AgentLog } from '../foundation/log.js';
import type { Applier } from './applier.js';
import type { LastGoodFiles } from './last-good.js';

export interface RestorePorts {
  readonly store: LastGoodFiles;
  readonly acknowledgements: Acknowledgements;
  readonly applier: Applier;
  readonly freshness: Freshness;
  readonly counters: Counters;
  readonly log: AgentLog;
  readonly now: () => Date;
}

/**
 * Serves the last-good versions from disk before any contact. Resolves when the listeners are up and all names are
 * loaded; until then DNS must not answer.
 */
export async function restoreLastGood(ports: RestorePorts): Promise<void> {
  const { store, acknowledgements, applier, freshness, counters, log, now } = ports;
  const { networks, corrupt } = await store.load(now());
  for (const file of corrupt) {
    counters.add('last-good corrupt', () => {});
    log.error(
      file,
      'a saved version of a network cannot be used; the network is served once the control plane has sent it again',
    );
  }
  for (const { held, unanswered, cutAtEnd } of networks) {
    // Unanswered acknowledgements are added first: `restore` writes the file again, including them.
    for (const message of unanswered) acknowledgements.add(message);
    await applier.restore(held, cutAtEnd);
    const { networkId, name, version } = held.snapshot;
    const contactSeconds = Math.round(freshness.secondsSinceContact());
    log.info(
      { networkId, network: name, version, contactSeconds },
      'serving the saved version of a network until the control plane answers',
    );
  }
}
