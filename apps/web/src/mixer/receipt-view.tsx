import type { JSX } from 'preact';
import type { Receipt } from '../api/contract.js';
import { messages, stemName } from '../i18n/i18n.js';
import { formatDuration, formatTime } from '../i18n/units.js';
import { Icon } from '../ui/icons.js';
import { LicenceText } from '../ui/licence-text.js';

type Row = readonly [label: string, value: JSX.Element | string];

/** What was computed, and how well. */
export function ReceiptView({ receipt }: { readonly receipt: Receipt }): JSX.Element {
  return (
    <details class="receipt">
      <summary>
        {messages.value.receipt.heading}
        <Icon name="chevron" />
      </summary>
      <dl>
        {[...facts(receipt), ...checksums(receipt)].map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function facts({ model, licence, input, residualDb, gainDb, seconds, engine, warnings }: Receipt): Row[] {
  const text = messages.value.receipt;
  const total = Object.values(seconds).reduce((sum, stage) => sum + stage, 0);
  const rows: Row[] = [
    [text.model, model],
    ...licenceRow(licence),
    [text.length, text.lengthValue(formatTime(input.durationSeconds), input.samples)],
    [text.sum, residualDb === null ? text.noSum : text.sumValue(residualDb)],
    [text.gain, text.gainValue(gainDb)],
    [text.time, text.timeValue(formatDuration(Math.round(total * 10) / 10), engine.device)],
  ];
  return warnings.length === 0 ? rows : [...rows, [text.warnings, warnings.join(' ')]];
}

/** Receipts of earlier versions have none. */
function licenceRow(licence: Receipt['licence']): Row[] {
  if (licence === undefined) return [];
  const { class: kind, text, source } = licence;
  return [[messages.value.receipt.licence, <LicenceText key="licence" class={kind} text={text} source={source} />]];
}

function checksums({ input, stems, weightsSha256 }: Receipt): Row[] {
  const { songChecksum, stemChecksum, modelChecksum } = messages.value.receipt;
  const rows: (readonly [string, string])[] = [
    [songChecksum, input.sha256],
    ...stems.map(({ name, sha256 }) => [stemChecksum(stemName(name)), sha256] as const),
    [modelChecksum, weightsSha256],
  ];
  return rows.map(([label, sha256]) => [label, <code key={label}>{sha256}</code>]);
}
