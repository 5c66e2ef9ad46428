interface Props {
  /** The control plane refuses the alias because of them. */
  readonly isAsked: boolean;
  readonly isOn: boolean;
  readonly set: (isOn: boolean) => void;
}

/** Offered after the control plane refused: rules written for another sandbox would apply to this one. */
export function InheritRules({ isAsked, isOn, set }: Props) {
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
