import { Glyph } from '../vocabulary/glyph.js';
import type { FormFields } from '../writes/write-form.js';

export type Effect = 'allow' | 'deny';

interface Props {
  readonly form: Pick<FormFields, 'reset'>;
  readonly effect: Effect;
  readonly set: (effect: Effect) => void;
}

/** Chooses whether a rule allows or denies. */
export function EffectChoice({ form, effect, set }: Props) {
  return (
    <fieldset className="field as-wide-as-it-is plain">
      <legend>Effect</legend>
      <span className="choice">
        {(['allow', 'deny'] as const).map((each) => (
          <label key={each} className={each}>
            <input
              type="radio"
              className="hidden"
              name="effect"
              checked={effect === each}
              onChange={() => {
                set(each);
                form.reset();
              }}
            />
            <Glyph name={each} tone={each} />
            {each}
          </label>
        ))}
      </span>
    </fieldset>
  );
}
