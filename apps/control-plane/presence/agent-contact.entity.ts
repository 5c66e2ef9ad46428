import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { AgentId } from '#libs/contracts/ids.js';

/** What an agent last said about itself, so that peers are known at once after a restart of the control plane. */
@Entity('agent_contacts')
export class AgentContact {
  @PrimaryColumn('text', { name: 'agent_id' })
  readonly agentId!: AgentId;

  @Column('text', { name: 'boot_id' })
  readonly bootId!: string;

  @Column('text', { name: 'software_version' })
  readonly softwareVersion!: string;

  @Column('text')
  readonly driver!: string;

  /** The bus protocol that it last used. */
  @Column('integer')
  readonly protocol!: number;

  @Column('json')
  readonly mesh!: MeshState;

  @Column('timestamptz', { name: 'last_contact_at' })
  readonly lastContactAt!: Date;
}
