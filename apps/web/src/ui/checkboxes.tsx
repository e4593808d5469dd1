import type { JSX } from 'preact';

interface CheckboxesProps<Name extends string> {
  readonly label: string;
  readonly hint: string | undefined;
  readonly names: readonly Name[];
  readonly nameOf: (name: Name) => string;
  readonly checked: readonly string[];
  readonly onChange: (checked: Name[]) => void;
}

export function Checkboxes<Name extends string>(props: CheckboxesProps<Name>): JSX.Element {
  const { label, hint, names, nameOf, checked, onChange } = props;
  return (
    <fieldset>
      <legend>{label}</legend>
      {names.map((name) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={checked.includes(name)}
            onChange={({ currentTarget }) => {
              onChange(names.filter((other) => (other === name ? currentTarget.checked : checked.includes(other))));
            }}
          />
          {nameOf(name)}
        </label>
      ))}
      {hint !== undefined && <p class="hint">{hint}</p>}
    </fieldset>
  );
}
