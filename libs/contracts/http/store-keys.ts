import { ApiProperty } from '@nestjs/swagger';
import { parseAgentId } from '../ids.js';
import { listOf, wordOf } from '../json-fields.js';
import { AGENT_STATUSES, type AgentStatus } from '../statuses.js';
import { STORE_KEYS, type StoreKey } from '../store-keys.js';
import { Field, OptionalField } from './fields.js';

export const ROTATION_STEPS = ['offer', 'use', 'retire'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

/** `settled`: one key. `offered`: members are to trust the next one too. `used`: it is in use, the former trusted. */
export const KEY_STAGES = ['settled', 'offered', 'used'] as const;
export type KeyStage = (typeof KEY_STAGES)[number];

export class KeySuccessionDto {
  @ApiProperty({ enum: STORE_KEYS })
  readonly key!: StoreKey;

  @ApiProperty({ description: 'SPKI in base64' })
  readonly from!: string;

  @ApiProperty({ description: 'The key that follows, SPKI in base64' })
  readonly to!: string;

  @ApiProperty({ description: 'Base64 of the signature over successionStatement by `from`' })
  readonly signature!: string;
}

export class KeyHolderDto {
  @ApiProperty({ example: 'host-a', description: "An agent, or a developer's machine" })
  readonly id!: string;

  @ApiProperty({ enum: ['agent', 'local-node'] })
  readonly kind!: 'agent' | 'local-node';

  @ApiProperty({ enum: AGENT_STATUSES })
  readonly status!: AgentStatus;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly lastContactAt!: string | null;

  @ApiProperty({ description: 'It confirmed what the next step of the rotation needs' })
  readonly confirmed!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Why it has not confirmed' })
  readonly reason!: string | null;
}

export class StoreKeyDto {
  @ApiProperty({ enum: STORE_KEYS })
  readonly key!: StoreKey;

  @ApiProperty({ enum: KEY_STAGES })
  readonly stage!: KeyStage;

  @ApiProperty({ example: '3f2a91c0b7d45e18', description: 'Fingerprint of the key in use' })
  readonly inUse!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Fingerprint of the key that follows' })
  readonly next!: string | null;

  @ApiProperty({ type: [String], description: 'Fingerprints of keys that were in use before' })
  readonly former!: readonly string[];

  @ApiProperty({ type: () => [KeyHolderDto], description: 'Who has confirmed; empty while the key is settled' })
  readonly holders!: readonly KeyHolderDto[];
}

export class StoreKeyListDto {
  @ApiProperty({ type: () => [StoreKeyDto] })
  readonly items!: readonly StoreKeyDto[];
}

const MOST_LEFT_OUT = 1_000;

export class RotateKeyDto {
  @Field(wordOf(ROTATION_STEPS), {
    enum: ROTATION_STEPS,
    description: 'offer: members trust the next key too; use: it replaces the key in use; retire: only it is trusted',
  })
  readonly step!: RotationStep;

  @OptionalField(listOf(parseAgentId, MOST_LEFT_OUT), {
    type: [String],
    description: 'Agents that need not have confirmed: they are offered the key when they are back',
  })
  readonly without?: readonly string[];
}
