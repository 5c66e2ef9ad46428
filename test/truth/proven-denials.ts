import { type Dialled, type Statement } from './judge.js';
import { allows, type Flow, type Model, textOf } from './model.js';

interface ProvenDenial {
  readonly flow: Flow;
  readonly step: number;
  readonly words: string;
}

/**
 * Denials that the system has said are in force everywhere. Such a denial stands until the operator lifts it: by a
 * write that allows the flow, or by a new epoch. No crash and no restored database lifts it.
 */
export class ProvenDenials {
  private readonly proven = new Map<string, ProvenDenial>();

  /** The statement says that all participants follow the version that denies the flow. */
  prove(flow: Flow, statement: Statement, step: number): void {
    const key = textOf(flow);
    if (!this.proven.has(key)) this.proven.set(key, { flow, step, words: statement.words });
  }

  /** After a write that may allow something: removes denials of what is now allowed. */
  granted(before: Model, after: Model, names: (flow: Flow) => boolean): void {
    for (const [key, { flow }] of this.proven) {
      if (allows(after, flow) && (names(flow) || !allows(before, flow))) this.proven.delete(key);
    }
  }

  /** The operator has accepted the store's state. */
  accepted(model: Model): void {
    for (const [key, { flow }] of this.proven) if (allows(model, flow)) this.proven.delete(key);
  }

  /** Flows that a store with these writes allows: it was restored from before their denial. */
  forgottenBy(model: Model): readonly Flow[] {
    return [...this.proven.values()].map(({ flow }) => flow).filter((flow) => allows(model, flow));
  }

  /** The contradiction if a dial succeeds although its denial was proven; null: none. */
  contradiction(flow: Flow, dialled: Dialled): string | null {
    const denial = this.proven.get(textOf(flow));
    if (denial === undefined || dialled.kind !== 'answered') return null;
    return (
      `${textOf(flow)} was proven to be denied in step ${denial.step} ("${denial.words}"), nobody has taken that back, ` +
      `and ${dialled.by} answered its dial`
    );
  }
}
