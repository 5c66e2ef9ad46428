import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far into the log a process manager is. */
@Entity('process_cursors')
export class ProcessCursor {
  @PrimaryColumn('text')
  readonly name!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  readonly position!: number;
}
