import { setTimeout as pause } from 'node:timers/promises';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { listStoreKeys, rotateKey, type StoreKeyDto } from '#libs/api-client/generated/index.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { secondsToWait } from '#libs/contracts/network-settings.js';
import { STORE_KEYS, type StoreKey } from '#libs/contracts/store-keys.js';
import type { Connection } from '../../../api/connect.js';
import { GstacksCommand } from '../../../command.js';
import { EXIT } from '../../../errors/exit-codes.js';
import { holderLines, isConfirmedByAll, waitingAgents } from '../../../keys/rotation-text.js';

const LOOK_EVERY_MS = 500;
const LONGEST_SECONDS = 3_600;

const STAGE_TEXT: { readonly [key in StoreKey]: { readonly [stage in StoreKeyDto['stage']]: string } } = {
  signing: {
    settled: 'signs, and the one before it is retired; audit verify still checks what that one signed',
    offered: 'is offered; the one before it signs until every agent has confirmed',
    used: 'signs from now on; members still trust the one before it',
  },
  mesh: {
    settled: 'alone is trusted; the authority before it is retired',
    offered: 'is offered; the one before it issues certificates until every agent has confirmed',
    used: 'issues certificates from now on; members still trust the one before it',
  },
};

export default class AdminKeysRotate extends GstacksCommand {
  static override summary = 'Replace a key that members trust, while everything runs (admin)';
  static override description =
    'The key in use signs its successor, so that members follow. Each step waits until every agent has confirmed the new key. Nothing is lost when it is interrupted: the same command goes on from there. An agent that was away is offered the new key when it is back.';
  static override examples = [
    '<%= config.bin %> admin keys rotate signing',
    '<%= config.bin %> admin keys rotate mesh --without host-c',
  ];
  static override args = {
    key: Args.string({ description: STORE_KEYS.join(' or '), required: true, ignoreStdin: true }),
  };
  static override flags = {
    without: Flags.string({
      description: 'an agent that is not waited for; may be given several times',
      helpValue: '<agent>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    wait: Flags.string({
      description: 'how long to wait in each step',
      helpValue: '<seconds>',
      default: '60',
    }),
  };

  async run() {
    const { args, flags } = await this.parse(AdminKeysRotate);
    const key = wordOf(STORE_KEYS)(args.key, 'key');
    const without = flags.without ?? [];
    const waitMs = secondsToWait(0, LONGEST_SECONDS)(flags.wait, '--wait') * 1_000;
    const connection = await this.connect(flags);
    const { client } = connection;
    let state = await rotateKey({ client, path: { key }, body: { step: 'offer' } });
    this.tell(state);
    for (const step of ['use', 'retire'] as const) {
      if (step === 'use' && state.stage !== 'offered') continue;
      state = await this.confirmed(connection, state, without, waitMs);
      const waiting = waitingAgents(state).filter((agent) => !without.includes(agent));
      if (waiting.length > 0) {
        this.goOnLater(key, waiting);
        return state;
      }
      state = await rotateKey({ client, path: { key }, body: { step, without: [...without] } });
      this.tell(state);
    }
    return state;
  }

  private tell({ key, stage, inUse, next }: StoreKeyDto): void {
    this.screen.line(
      `${key}: key ${next ?? inUse} ${STAGE_TEXT[key][stage]}`,
      stage === 'settled' ? 'good' : undefined,
    );
  }

  private goOnLater(key: StoreKey, waiting: readonly string[]): void {
    const flags = waiting.map((agent) => `--without ${agent}`).join(' ');
    this.screen.line(`not confirmed by ${waiting.join(', ')}: the former key stays trusted`, 'bad');
    this.screen.line(`  again: gstacks admin keys rotate ${key}`);
    this.screen.line(`  go on without: gstacks admin keys rotate ${key} ${flags}`);
    process.exitCode = EXIT.unknown;
  }

  /** The state once all have confirmed, or when the time is up; prints who has and who has not. */
  private async confirmed(
    { client }: Connection,
    before: StoreKeyDto,
    without: readonly string[],
    waitMs: number,
  ): Promise<StoreKeyDto> {
    const deadline = performance.now() + waitMs;
    let state = before;
    while (!isConfirmedByAll(state, without) && performance.now() < deadline) {
      await pause(LOOK_EVERY_MS);
      const { items } = await listStoreKeys({ client });
      state = items.find(({ key }) => key === before.key) ?? state;
    }
    for (const line of holderLines(state)) this.screen.line(line);
    return state;
  }
}
