import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import demoSong from '../../../../demo/demo-song.mp3?url';
import { MAX_UPLOAD_BYTES } from '../api/limits.js';
import { addFiles } from './uploads.js';
import { bytes } from '../i18n/units.js';
import { words } from '../i18n/i18n.js';
import { announce } from '../ui/live-region.js';
import { Icon } from '../ui/icons.js';
import { OptionsPanel } from './options-panel.js';

const isDragging = signal(false);

/** the name under which the demo song is in the list */
const DEMO_NAME = 'Small Hours of the Machine.mp3';

export function AddSongs(): JSX.Element {
  useEffect(takeFilesFromAnywhere, []);
  const input = useRef<HTMLInputElement>(null);
  const { heading, drop, dropNow, choose, demo, hint } = words.value.add;
  return (
    <section class="add" aria-labelledby="add-heading">
      <h2 id="add-heading" class="unseen">
        {heading}
      </h2>
      <p class="add-drop">{drop}</p>
      <div class="add-buttons">
        <button type="button" class="primary" onClick={() => input.current?.click()}>
          <Icon name="plus" />
          {choose}
        </button>
        <button type="button" onClick={() => void addDemoSong()}>
          {demo}
        </button>
      </div>
      <input
        ref={input}
        class="unseen"
        type="file"
        multiple
        accept="audio/*,video/mp4,video/webm,.flac,.opus,.mka,.mkv,.wma,.w64"
        aria-label={choose}
        tabIndex={-1}
        onChange={({ currentTarget }) => {
          add(currentTarget.files);
          currentTarget.value = '';
        }}
      />
      <p class="hint">{hint(bytes(MAX_UPLOAD_BYTES))}</p>
      <OptionsPanel />
      {isDragging.value && (
        <div class="drop-veil" aria-hidden="true">
          <p>{dropNow}</p>
        </div>
      )}
    </section>
  );
}

async function addDemoSong(): Promise<void> {
  const song = await (await fetch(demoSong)).blob();
  add([new File([song], DEMO_NAME, { type: 'audio/mpeg' })]);
}

function add(files: FileList | readonly File[] | null | undefined): void {
  const list = Array.from(files ?? []);
  if (list.length > 0) announce(words.value.say.added(addFiles(list)));
}

/** Files can be dropped on the whole page, and pasted. */
function takeFilesFromAnywhere(): () => void {
  const gone = new AbortController();
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
  const { signal } = gone;
  document.addEventListener(
    'dragover',
    (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      isDragging.value = true;
    },
    { signal },
  );
  document.addEventListener(
    'dragleave',
    ({ relatedTarget }) => {
      if (relatedTarget === null) isDragging.value = false;
    },
    { signal },
  );
  document.addEventListener(
    'drop',
    (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      isDragging.value = false;
      add(event.dataTransfer?.files);
    },
    { signal },
  );
  document.addEventListener(
    'paste',
    ({ clipboardData }) => {
      add(clipboardData?.files);
    },
    { signal },
  );
  return () => {
    gone.abort();
  };
}
