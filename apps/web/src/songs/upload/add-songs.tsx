import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import demoSong from '../../../../../demo/demo-song.mp3?url';
import { MAX_UPLOAD_BYTES } from '../../api/limits.js';
import { messages } from '../../i18n/i18n.js';
import { formatBytes } from '../../i18n/units.js';
import { ErrorLine } from '../../ui/error-line.js';
import { Icon } from '../../ui/icons.js';
import { announce } from '../../ui/live-region.js';
import { ACCEPT } from './accepted-files.js';
import { droppedFiles } from './dropped-files.js';
import { OptionsPanel } from './options-panel.js';
import { songs } from '../library.js';
import { addFiles, uploads } from './uploads.js';

const isDragging = signal(false);
const isDropUnreadable = signal(false);

/** file name of the demo song in the list */
const DEMO_NAME = 'Small Hours of the Machine.mp3';

export function AddSongs(): JSX.Element {
  useEffect(acceptDropsAndPastes, []);
  const input = useRef<HTMLInputElement>(null);
  const { heading, drop, dropNow, choose, demo, hint } = messages.value.add;
  const isFirst = songs.value.length + uploads.value.length === 0;
  return (
    <>
      <section class={isFirst ? 'add' : 'add add-small'} aria-labelledby="add-heading">
        <h2 id="add-heading" class="visually-hidden">
          {heading}
        </h2>
        <p class="add-drop">{drop}</p>
        <div class="add-buttons">
          <button type="button" class="primary" onClick={() => input.current?.click()}>
            <Icon name="plus" />
            {choose}
          </button>
          {isFirst && (
            <button type="button" onClick={() => void addDemoSong()}>
              {demo}
            </button>
          )}
        </div>
        <input
          ref={input}
          class="visually-hidden"
          type="file"
          multiple
          accept={ACCEPT}
          aria-label={choose}
          tabIndex={-1}
          onChange={({ currentTarget }) => {
            add(currentTarget.files);
            currentTarget.value = '';
          }}
        />
        {isFirst && <p class="hint">{hint(formatBytes(MAX_UPLOAD_BYTES))}</p>}
        {isDropUnreadable.value && <ErrorLine code="unreadable_drop" />}
        <OptionsPanel />
      </section>
      {isDragging.value && (
        <div class="drop-veil" aria-hidden="true">
          <p>{dropNow}</p>
        </div>
      )}
    </>
  );
}

async function addDemoSong(): Promise<void> {
  const song = await (await fetch(demoSong)).blob();
  add([new File([song], DEMO_NAME, { type: 'audio/mpeg' })]);
}

function add(files: FileList | readonly File[] | null | undefined): void {
  const list = Array.from(files ?? []);
  if (list.length > 0) announce(messages.value.announcements.added(addFiles(list)));
}

async function addDropped(transfer: DataTransfer): Promise<void> {
  isDropUnreadable.value = false;
  try {
    add(await droppedFiles(transfer));
  } catch {
    isDropUnreadable.value = true;
  }
}

/** Accepts files dropped anywhere on the page, or pasted. */
function acceptDropsAndPastes(): void {
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    isDragging.value = true;
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) isDragging.value = false;
  });
  document.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    isDragging.value = false;
    if (event.dataTransfer !== null) void addDropped(event.dataTransfer);
  });
  document.addEventListener('paste', ({ clipboardData }) => {
    add(clipboardData?.files);
  });
}
