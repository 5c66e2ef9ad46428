import type { WriteState } from '../writes/use-write.js';

interface Props {
  readonly state: WriteState;
  readonly isOn: boolean;
  readonly set: (isOn: boolean) => void;
}

/** Offered after the control plane refused: rules written for another sandbox would apply to this one. */
export function InheritRules({ state, isOn, set }: Props) {
  const isAsked = state.kind === 'refused' && state.problem.code === 'ALIAS_HAS_RULES';
  if (!isAsked && !isOn) return null;
  return (
    <p className="fields">
      <label className="line">
        <input type="checkbox" checked={isOn} onChange={(event) => set(event.target.checked)} />
        Take over the rules that were written for this alias
      </label>
    </p>
  );
}
