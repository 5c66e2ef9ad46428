import { setTimeout as pause } from 'node:timers/promises';
import * as Flags from '@oclif/core/flags';
import {
  type EpochPreviewDto,
  previewEpoch,
  type RegressedNetworkDto,
  showNetworkStatus,
  startEpoch,
} from '#libs/api-client/generated/index.js';
import type { Connection } from '../../api/connect.js';
import { GstacksCommand } from '../../command.js';
import { confirmed } from '../../confirm.js';
import { UsageError } from '../../errors/errors.js';
import { EXIT } from '../../errors/exit-codes.js';
import { idempotencyKeyFlag, writeHeaders } from '../../write-command.js';

/** Before it answers, the control plane asks agents for the snapshots that they hold. */
const AGENTS_ANSWER_SECONDS = 15;
const FOLLOW_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 200;

export default class AdminNewEpoch extends GstacksCommand {
  static override summary = 'Start a new epoch: ends EPOCH_REGRESSED after a restore';
  static override description =
    'First shows which versions agents hold that the store does not have, and what would become reachable or ' +
    "unreachable when they apply the store's versions.";
  static override examples = ['<%= config.bin %> admin new-epoch', '<%= config.bin %> admin new-epoch --yes'];
  static override flags = {
    yes: Flags.boolean({ description: 'start it without asking' }),
    'idempotency-key': idempotencyKeyFlag,
  };

  async run() {
    const { flags } = await this.parse(AdminNewEpoch);
    const headers = writeHeaders(flags);
    const connection = await this.connect(flags, AGENTS_ANSWER_SECONDS);
    const { client } = connection;
    const preview = await previewEpoch({ client });
    this.show(preview);
    if (!flags.yes && !(await this.isConfirmed(preview))) {
      this.screen.line('no epoch was started');
      process.exitCode = EXIT.usage;
      return { ...preview, started: null };
    }
    const { epoch } = await startEpoch({ client, headers, body: { after: preview.epoch.counter } });
    this.screen.line(`epoch ${epoch.counter} started`, 'good');
    const behind = await this.following(connection, preview);
    for (const network of behind) {
      this.screen.line(`not every agent of ${network} follows it yet: gstacks network status ${network}`, 'bad');
    }
    if (behind.length > 0) process.exitCode = EXIT.unknown;
    return { ...preview, started: epoch };
  }

  private show({ epoch, networks }: EpochPreviewDto): void {
    if (networks.length === 0) {
      this.screen.line(`the store is at epoch ${epoch.counter}; no agent holds a version that the store does not have`);
      return;
    }
    this.screen.line(
      `the store is at epoch ${epoch.counter}; these agents hold versions that the store does not have:`,
    );
    this.screen.line('');
    const rows = networks.flatMap((network) => network.agents.map((agent) => ({ network, agent })));
    this.screen.table(rows, [
      { heading: 'NETWORK', cell: ({ network }) => network.name ?? network.id },
      { heading: 'AGENT', cell: ({ agent }) => agent.agentId },
      { heading: 'HOLDS', cell: ({ agent }) => agent.version },
      { heading: 'STORE', cell: ({ network }) => network.version ?? 'not there' },
      { heading: 'SEEN', cell: ({ agent }) => agent.detail, wraps: true },
    ]);
    for (const network of networks) this.showNetwork(network);
  }

  private showNetwork({ name, id, agents, gained, lost, notListed, version }: RegressedNetworkDto): void {
    const network = name ?? id;
    this.screen.line('');
    this.screen.line(
      version === null
        ? `${network}: agents stop serving it, and all its connections are cut`
        : `${network}: when agents apply version ${version} of the store,`,
    );
    for (const line of lost) this.screen.line(`  no longer allowed  ${line}`, 'bad');
    for (const line of gained) this.screen.line(`  allowed again      ${line}`, 'good');
    if (notListed > 0) this.screen.line(`  and ${notListed} more`);
    const shown = agents.filter(({ compared }) => compared);
    if (lost.length + gained.length === 0 && shown.length > 0) {
      const by = shown.length < agents.length ? ` by ${shown.map(({ agentId }) => agentId).join(', ')}` : '';
      this.screen.line(`  the same connections are allowed as now${by}`);
    }
    for (const { agentId, compared } of agents) {
      if (!compared) this.screen.line(`  ${agentId} did not answer: what it allows now is unknown`, 'bad');
    }
  }

  private isConfirmed({ next }: EpochPreviewDto): Promise<boolean> {
    const unasked = new UsageError('a new epoch needs confirmation', 'gstacks admin new-epoch --yes', 'NOT_CONFIRMED');
    return confirmed(`start epoch ${next}?`, !this.jsonEnabled(), unasked);
  }

  /** The store's networks that some agent does not follow in time. */
  private async following({ client }: Connection, { networks }: EpochPreviewDto): Promise<readonly string[]> {
    const deadline = performance.now() + FOLLOW_WITHIN_MS;
    const waiting = new Set(networks.flatMap(({ name, version }) => (name === null || version === null ? [] : [name])));
    for (;;) {
      for (const network of waiting) {
        const { status, agents } = await showNetworkStatus({ client, path: { network } });
        if (status !== 'SYNCED' && status !== 'EMPTY') continue;
        waiting.delete(network);
        this.screen.line(`${network}: ${agents.length} agents follow it`);
      }
      if (waiting.size === 0 || performance.now() > deadline) return [...waiting];
      await pause(LOOK_EVERY_MS);
    }
  }
}
