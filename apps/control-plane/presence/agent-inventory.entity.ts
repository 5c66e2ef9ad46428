import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RefusedSandbox, SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { AgentId } from '#libs/contracts/ids.js';

/** What an agent's driver last reported: the part that is not history and so not in events. */
@Entity('agent_inventories')
export class AgentInventory {
  @PrimaryColumn('text', { name: 'agent_id' })
  readonly agentId!: AgentId;

  @Column('text', { name: 'boot_id' })
  readonly bootId!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  readonly sequence!: number;

  @Column('text')
  readonly driver!: string;

  @Column('json')
  readonly sandboxes!: readonly SandboxReport[];

  @Column('json')
  readonly refused!: readonly RefusedSandbox[];
}
