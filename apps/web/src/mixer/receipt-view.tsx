import type { Manifest, Separation } from '@app/separations';
import type { JSX } from 'preact';
import { Icon } from '../ui/icons.js';
import { clock, span } from '../i18n/units.js';
import { stemName, words } from '../i18n/i18n.js';

/** What was computed and how well, in plain words. */
export function ReceiptView({ song: { receipt } }: { readonly song: Separation }): JSX.Element | null {
  if (receipt === undefined) return null;
  return (
    <details class="receipt">
      <summary>
        {words.value.receipt.heading}
        <Icon name="chevron" />
      </summary>
      <dl>
        {linesOf(receipt).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {checksumsOf(receipt).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function linesOf({ model, input, residualDb, gainDb, seconds, engine, warnings }: Manifest): [string, string][] {
  const text = words.value.receipt;
  const took = Object.values(seconds).reduce((sum, one) => sum + one, 0);
  return [
    [text.model, model],
    [text.length, text.lengthValue(clock(input.durationSeconds), input.samples)],
    [text.sum, residualDb === null ? text.noSum : text.sumValue(residualDb)],
    [text.gain, text.gainValue(gainDb)],
    [text.made, text.madeValue(span(Math.round(took * 10) / 10), engine.device)],
    ...(warnings.length === 0 ? [] : [[text.warnings, warnings.join(' ')] as [string, string]]),
  ];
}

function checksumsOf({ input, stems, weightsSha256 }: Manifest): [string, string][] {
  const text = words.value.receipt;
  return [
    [text.song, input.sha256],
    ...stems.map(({ name, sha256 }): [string, string] => [text.stemSum(stemName(name)), sha256]),
    [text.weights, weightsSha256],
  ];
}
