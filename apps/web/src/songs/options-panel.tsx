import type { JSX } from 'preact';
import { choices, chosenModel, FORMATS, models } from './upload-options.js';
import { stemName, words } from '../i18n/i18n.js';
import { Icon } from '../ui/icons.js';

/** vocals first, as everybody looks for them */
const ORDER = ['vocals', 'instrumental', 'drums', 'bass', 'guitar', 'piano', 'other'];

export function OptionsPanel(): JSX.Element {
  const { heading, formats, formatsHint } = words.value.options;
  return (
    <details class="options">
      <summary>
        {heading}
        <span class="options-now">{summary()}</span>
        <Icon name="chevron" />
      </summary>
      <div class="options-body">
        <ModelChoice />
        <StemChoice />
        <fieldset>
          <legend>{formats}</legend>
          {FORMATS.map((format) => (
            <Check
              key={format}
              label={format.toUpperCase()}
              checked={choices.value.formats.includes(format)}
              onChange={(on) => {
                const wanted = FORMATS.filter((one) => (one === format ? on : choices.value.formats.includes(one)));
                // the masters are FLAC in any case
                choices.value = { ...choices.value, formats: wanted.length === 0 ? ['flac'] : wanted };
              }}
            />
          ))}
          <p class="hint">{formatsHint}</p>
        </fieldset>
      </div>
    </details>
  );
}

function ModelChoice(): JSX.Element {
  const { model: label, cost, isDefault, missing } = words.value.options;
  return (
    <label class="field">
      {label}
      <select
        value={chosenModel.value?.name ?? ''}
        onChange={({ currentTarget }) => {
          const chosen = models.value.find(({ name }) => name === currentTarget.value);
          choices.value = {
            ...choices.value,
            model: chosen?.default === true ? undefined : chosen?.name,
            stems: undefined,
          };
        }}
      >
        {models.value.map((model) => (
          <option key={model.name} value={model.name} disabled={!model.installed && !model.default}>
            {model.name} · {model.installed || model.default ? cost(model.relativeCost) : missing}
            {model.default ? ` · ${isDefault}` : ''}
          </option>
        ))}
      </select>
    </label>
  );
}

function StemChoice(): JSX.Element {
  const { stems: label, noStem } = words.value.options;
  const all = available();
  const chosen = chosenStems();
  return (
    <fieldset>
      <legend>{label}</legend>
      {all.map((stem) => (
        <Check
          key={stem}
          label={stemName(stem)}
          checked={chosen.includes(stem)}
          onChange={(on) => {
            const wanted = all.filter((one) => (one === stem ? on : chosen.includes(one)));
            const isUsual = String(wanted) === String(usual());
            choices.value = { ...choices.value, stems: isUsual || wanted.length === 0 ? undefined : wanted };
          }}
        />
      ))}
      {chosen.length === 1 && <p class="hint">{noStem}</p>}
    </fieldset>
  );
}

interface CheckProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (on: boolean) => void;
}

function Check({ label, checked, onChange }: CheckProps): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={({ currentTarget }) => {
          onChange(currentTarget.checked);
        }}
      />
      {label}
    </label>
  );
}

/** the stems that are made where none are chosen */
function usual(): string[] {
  return ORDER.filter((stem) => chosenModel.value?.stems.includes(stem));
}

function available(): string[] {
  const stems = usual();
  return ORDER.filter((stem) => stems.includes(stem) || (stem === 'instrumental' && stems.includes('vocals')));
}

function chosenStems(): readonly string[] {
  return choices.value.stems ?? usual();
}

function summary(): string {
  const { formats } = choices.value;
  const stems = chosenStems().map((stem) => stemName(stem));
  return [chosenModel.value?.name ?? '', stems.join(', '), formats.join(', ').toUpperCase()]
    .filter((part) => part !== '')
    .join(' · ');
}
