import type { FlowRecord } from '#libs/data-plane/data-plane.js';
import type { Forward } from './forwards.js';

/** Why the last connection to each alias and port was refused. */
export class LastCodes {
  private readonly codes = new Map<string, string>();

  take({ outcome, code, alias, port }: FlowRecord): void {
    if (outcome === 'opened') this.codes.delete(`${alias}:${port}`);
    if (outcome === 'refused') this.codes.set(`${alias}:${port}`, code);
  }

  /** null: it was not refused. */
  of({ alias, port }: Pick<Forward, 'alias' | 'port'>): string | null {
    return this.codes.get(`${alias}:${port}`) ?? null;
  }
}
