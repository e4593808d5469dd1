import type { JSX } from 'preact';
import { FORMATS, sortStems, type Model } from '../../api/contract.js';
import { messages, stemName } from '../../i18n/i18n.js';
import { Checkboxes } from '../../ui/checkboxes.js';
import { Icon } from '../../ui/icons.js';
import { LicenceText } from '../../ui/licence-text.js';
import { availableStems, defaultStems, models, selectedModel, selectedStems } from './upload-options.js';
import { setOptions, uploadOptions } from './upload-options.js';

export function OptionsPanel(): JSX.Element {
  const { heading } = messages.value.options;
  return (
    <details class="options">
      <summary>
        {heading}
        <span class="options-now">{summary()}</span>
        <Icon name="chevron" />
      </summary>
      <div class="options-body">
        <ModelSelect />
        <StemCheckboxes />
        <FormatCheckboxes />
      </div>
    </details>
  );
}

function ModelSelect(): JSX.Element {
  const { model: label } = messages.value.options;
  return (
    <div class="model">
      <label class="field">
        {label}
        <select
          value={selectedModel.value?.name ?? ''}
          onChange={({ currentTarget }) => {
            const selected = models.value.find(({ name }) => name === currentTarget.value);
            setOptions({ model: selected?.default === true ? undefined : selected?.name, stems: undefined });
          }}
        >
          {models.value.map((model) => (
            <option
              key={model.name}
              value={model.name}
              disabled={model.allowed === false || (!model.installed && !model.default)}
            >
              {describe(model)}
            </option>
          ))}
        </select>
      </label>
      <ModelFacts />
    </div>
  );
}

/** `htdemucs_ft: clearer stems, takes 4× as long · not installed` */
function describe({ name, stems, relativeCost, installed, allowed, default: isTheDefault }: Model): string {
  const { gives, cost, isDefault, notInstalled, notAllowed } = messages.value.options;
  const gift = gives[name] ?? sortStems(stems).map(stemName).join(', ');
  const state = allowed === false ? [notAllowed] : !installed ? [notInstalled] : [];
  const notes = [...state, ...(isTheDefault ? [isDefault] : [])];
  return [`${name}: ${gift}, ${cost(relativeCost)}`, ...notes].join(' · ');
}

/** Stems and license of the chosen model, and how to get the others. */
function ModelFacts(): JSX.Element | null {
  const model = selectedModel.value;
  if (model === undefined) return null;
  const { makes, licence, toInstall } = messages.value.options;
  const others = models.value.filter(({ installed, allowed }) => allowed !== false && !installed);
  return (
    <>
      <p class="hint">
        {makes(sortStems(model.stems).map(stemName).join(', '))} {licence}{' '}
        <LicenceText class={model.licenceClass} text={model.licence} source={model.licenceSource} />
      </p>
      {others.length > 0 && (
        <p class="hint">
          {toInstall} <code>npm run models -- get {others[0]?.name}</code>
        </p>
      )}
    </>
  );
}

function StemCheckboxes(): JSX.Element {
  const { stems, lastStem } = messages.value.options;
  return (
    <Checkboxes
      label={stems}
      hint={selectedStems.value.length === 1 ? lastStem : undefined}
      names={availableStems.value}
      nameOf={stemName}
      checked={selectedStems.value}
      onChange={(wanted) => {
        const isDefault = wanted.length === 0 || String(wanted) === String(defaultStems.value);
        setOptions({ stems: isDefault ? undefined : wanted });
      }}
    />
  );
}

function FormatCheckboxes(): JSX.Element {
  const { formats, formatsHint } = messages.value.options;
  return (
    <Checkboxes
      label={formats}
      hint={formatsHint}
      names={FORMATS}
      nameOf={(format) => format.toUpperCase()}
      checked={uploadOptions.value.formats}
      onChange={(wanted) => {
        // the masters are FLAC anyway
        setOptions({ formats: wanted.length === 0 ? ['flac'] : wanted });
      }}
    />
  );
}

function summary(): string {
  const stems = selectedStems.value.map(stemName).join(', ');
  const formats = uploadOptions.value.formats.join(', ').toUpperCase();
  return [selectedModel.value?.name ?? '', stems, formats].filter((part) => part !== '').join(' · ');
}
