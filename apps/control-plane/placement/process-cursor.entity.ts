import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The position in the log that a process manager has reached. */
@Entity('process_cursors')
export class ProcessCursor {
  @PrimaryColumn('text')
  readonly name!: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  readonly position!: number;
}
