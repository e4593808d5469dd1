import type { JSX } from 'preact';
import { accessKey, forgetAccessKey } from '../api/access-key.js';
import { LANGUAGES, language, messages, setLanguage } from '../i18n/i18n.js';
import { areShortcutsOpen } from '../mixer/shortcuts-dialog.js';
import { Icon } from '../ui/icons.js';

export function PageHead(): JSX.Element {
  const { title, tagline, shortcuts, key } = messages.value;
  return (
    <header class="head">
      <div class="head-title">
        <h1>{title}</h1>
        <p class="tagline">{tagline}</p>
      </div>
      <div class="head-tools">
        {accessKey.value !== undefined && (
          <button type="button" class="quiet" onClick={forgetAccessKey}>
            {key.forget}
          </button>
        )}
        <button type="button" class="quiet" aria-label={shortcuts.open} onClick={() => (areShortcutsOpen.value = true)}>
          <Icon name="keys" />
          <span class="wide-only">{shortcuts.open}</span>
        </button>
        {Object.entries(LANGUAGES)
          .filter(([code]) => code !== language.value)
          .map(([code, other]) => (
            <button
              key={code}
              type="button"
              class="quiet"
              lang={code}
              onClick={() => {
                setLanguage(code);
              }}
            >
              {other.language}
            </button>
          ))}
      </div>
    </header>
  );
}
