import { Glyph } from '../vocabulary/glyph.js';

interface Props {
  readonly effect: 'allow' | 'deny';
  readonly choose: (effect: 'allow' | 'deny') => void;
}

/** Chooses whether a rule allows or denies. */
export function EffectChoice({ effect, choose }: Props) {
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
              onChange={() => choose(each)}
            />
            <Glyph name={each} tone={each} />
            {each}
          </label>
        ))}
      </span>
    </fieldset>
  );
}
