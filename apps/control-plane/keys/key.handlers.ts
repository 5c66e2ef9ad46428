import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { Logger } from 'pino';
import { fingerprint } from '#libs/audit/key-succession.js';
import type { StoreKeyDto, StoreKeyListDto } from '#libs/contracts/http/store-keys.js';
import { STORE_KEYS, type StoreKey } from '#libs/contracts/store-keys.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { STORE_KEY } from '#libs/domain/store-key/aggregate.js';
import { decideStoreKey, KeyFileLostError, type StoreKeyCommand } from '#libs/domain/store-key/decide.js';
import type { StoreKeyState } from '#libs/domain/store-key/state.js';
import { STORE_KEYS as KEYS, LOGGER } from '../foundation/provided.js';
import type { StoreKeys } from '../foundation/store-keys.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { StreamStates } from '../record/stream-states.js';
import { KeyHolders } from './key-holders.js';
import { ListStoreKeys, RotateKey } from './messages.js';

@QueryHandler(ListStoreKeys)
export class ListStoreKeysHandler implements IQueryHandler<ListStoreKeys> {
  constructor(
    private readonly states: StreamStates,
    private readonly holders: KeyHolders,
    @Inject(KEYS) private readonly keys: StoreKeys,
  ) {}

  async execute(): Promise<StoreKeyListDto> {
    const items = STORE_KEYS.map(async (key) => {
      const { state } = await this.states.storeKey(key);
      return keyDto(key, state, this.keys, this.holders);
    });
    return { items: await Promise.all(items) };
  }
}

/**
 * A step of a rotation: the event is written first, and the keys folder follows it. A control plane that ends in
 * between brings the folder to where the log is when it starts.
 */
@CommandHandler(RotateKey)
export class RotateKeyHandler implements ICommandHandler<RotateKey> {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly holders: KeyHolders,
    @Inject(KEYS) private readonly keys: StoreKeys,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async execute({ key, body, write }: RotateKey): Promise<StoreKeyDto> {
    await this.executor.execute({
      context: write,
      request: jsonOf(['RotateKey', key, body]),
      streamId: streamOf(STORE_KEY, key),
      load: () => this.states.storeKey(key),
      decide: async (state) => {
        const command = await this.commandOf(key, body, state);
        if (command.kind === 'UseKey' && state?.stage === 'offered' && state.next !== this.ringOf(key).nextPublicKey) {
          return new KeyFileLostError(key);
        }
        return decideStoreKey(command, state);
      },
      answer: ({ events }) => ({ changed: events.length > 0 }),
    });
    const { state } = await this.states.storeKey(key);
    await this.keys.follow(key, state);
    const dto = keyDto(key, state, this.keys, this.holders);
    const { stage, inUse, next } = dto;
    this.logger.warn({ key, stage, inUse, next, actor: write.actor }, `the key ${key} is ${stage}`);
    return dto;
  }

  private ringOf(key: StoreKey) {
    return key === 'mesh' ? this.keys.mesh : this.keys.topology;
  }

  private async commandOf(
    key: StoreKey,
    { step, without = [] }: RotateKey['body'],
    state: StoreKeyState | null,
  ): Promise<StoreKeyCommand> {
    if (step === 'offer') {
      // While the new key is in use, no other is made.
      const succession = state?.stage === 'used' ? state.successions.at(-1) : undefined;
      return { kind: 'OfferKey', succession: succession ?? (await this.ringOf(key).offer()) };
    }
    const waiting = this.holders.of(state).filter(({ kind, confirmed }) => kind === 'agent' && !confirmed);
    return {
      kind: step === 'use' ? 'UseKey' : 'RetireKey',
      ...{ key, without },
      waiting: waiting.map(({ id }) => id),
    };
  }
}

function keyDto(key: StoreKey, state: StoreKeyState | null, keys: StoreKeys, holders: KeyHolders): StoreKeyDto {
  const { publicKey } = key === 'mesh' ? keys.mesh : keys.topology;
  return {
    key,
    stage: state?.stage ?? 'settled',
    inUse: fingerprint(publicKey),
    next: state?.next ? fingerprint(state.next) : null,
    former: (state?.former ?? []).map(fingerprint),
    holders: holders.of(state),
  };
}
