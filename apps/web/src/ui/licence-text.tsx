import type { JSX } from 'preact';
import type { LicenceClass } from '../api/contract.js';
import { messages } from '../i18n/i18n.js';

interface Props {
  readonly class: LicenceClass | undefined;
  readonly text: string;
  readonly source: string | undefined;
}

/** `none stated. The author wrote … Source`, with a link if the source is an address */
export function LicenceText({ class: kind, text, source }: Props): JSX.Element {
  const { classes, sourceLink } = messages.value.licence;
  return (
    <>
      {[...(kind === undefined ? [] : [classes[kind]]), text].join('. ')}.{' '}
      {source?.startsWith('https:') === true ? (
        <a href={source} target="_blank" rel="noreferrer">
          {sourceLink}
        </a>
      ) : (
        source
      )}
    </>
  );
}
