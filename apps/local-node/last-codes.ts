import type { FlowRecord } from '#libs/data-plane/data-plane.js';
import type { Forward } from './forwards.js';

/** The code of the last refused connection for each alias and port. */
export class LastCodes {
  private readonly codes = new Map<string, string>();

  take({ outcome, code, alias, port }: FlowRecord): void {
    if (outcome === 'opened') this.codes.delete(`${alias}:${port}`);
    if (outcome === 'refused') this.codes.set(`${alias}:${port}`, code);
  }

  /** null: the last connection was not refused. */
  of({ alias, port }: Pick<Forward, 'alias' | 'port'>): string | null {
    return this.codes.get(`${alias}:${port}`) ?? null;
  }
}
