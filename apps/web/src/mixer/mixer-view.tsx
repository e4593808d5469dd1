import { effect, useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { api } from '../api/client.js';
import type { OwnEdit, Separation } from '../api/contract.js';
import { codeOf } from '../api/errors.js';
import { connectMediaKeys } from '../audio/media-keys.js';
import { SAMPLE_RATE } from '../audio/sources/stem-source.js';
import { messages } from '../i18n/i18n.js';
import { ErrorLine } from '../ui/error-line.js';
import { animate } from './animate.js';
import { dragStem } from './downloads/drag-stem.js';
import { Downloads } from './downloads/downloads.js';
import { listenToShortcuts, type Shortcuts } from './keyboard-shortcuts.js';
import { LaneView } from './lane-view.js';
import { openMixer } from './open-mixer.js';
import type { PreviewBlocks } from './preview/preview-blocks.js';
import { ReceiptView } from './receipt-view.js';
import { rememberMix } from './remembered-mix.js';
import { SongFacts } from './song-facts.js';
import { ZoomButtons } from './timeline/zoom-buttons.js';
import { listenToZoom } from './timeline/zoom.js';
import { Ruler } from './timeline/ruler.js';
import { TransportBar } from './transport-bar.js';

/** samples before the edge of a preview at which playing may have to wait: parts are played once they are whole */
const EDGE = 1.1 * SAMPLE_RATE;

interface MixerViewProps {
  readonly song: Separation;
  /** of a song that was still being separated while the page showed it */
  readonly preview: PreviewBlocks | undefined;
  /** those of the song's window */
  readonly shortcuts: Shortcuts;
  /** what the song is called */
  readonly name: string;
  readonly onEdit: (edit: OwnEdit) => Promise<void>;
}

/** The open mixer of a song. Closing it releases all audio. */
export function MixerView({ song, preview, shortcuts, name, onEdit }: MixerViewProps): JSX.Element {
  const mixer = useMemo(() => openMixer(song, preview), [song.id]);
  const { stems, audio, choice, player, view, waveforms, loader, shapes, painters } = mixer;
  const root = useRef<HTMLDivElement>(null);
  const selected = useSignal(0);
  const isAtEdge = useComputed(
    () => preview !== undefined && preview.completed === undefined && player.position.value > preview.edge.value - EDGE,
  );
  const isComplete = song.receipt !== undefined;
  // a layout effect, because a key pressed right away must not reach the button that opened the mixer
  useLayoutEffect(() => {
    if (root.current === null) return;
    const { style } = root.current;
    const stops = [
      listenToShortcuts(mixer, selected, shortcuts),
      listenToZoom(view, root.current, '.ruler'),
      animate(mixer, root.current),
      connectMediaKeys(player, name),
      rememberMix(song.id, stems, player),
      effect(() => {
        const ready = view.placeOf(preview?.edge.value ?? player.samples);
        style.setProperty('--ready', String(Math.min(1, Math.max(0, ready))));
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      loader.close();
      choice.close();
      void player.close();
    };
  }, [player]);
  useEffect(() => {
    if (!isComplete) return;
    api.waveform(song.id).then(
      (peaks) => {
        waveforms.setOverview(peaks, audio.stemLevel());
      },
      // the mixer works without
      () => undefined,
    );
  }, [player, isComplete]);
  const dragLane = (stem: string) => (event: DragEvent) => {
    dragStem(event, song.id, name, stem, 'flac');
  };
  const failure = player.failure.value;
  const stretchFailure = player.speedAndPitch.failure.value;
  return (
    <div class="mixer" ref={root} style={{ '--lanes': stems.length }}>
      <div class={player.playsOriginal.value ? 'lanes lanes-off' : 'lanes'}>
        <div class="ruler-row">
          <div class="ruler-head">
            <div class="song-facts">{isComplete && <SongFacts song={song} player={player} onEdit={onEdit} />}</div>
            <ZoomButtons view={view} player={player} />
          </div>
          <Ruler player={player} view={view} />
        </div>
        {shapes.map((shape, index) => (
          <LaneView
            key={shape.lane.stem}
            player={player}
            index={index}
            isSelected={selected.value === index}
            onSelect={() => {
              selected.value = index;
            }}
            shape={shape}
            onDrag={isComplete ? dragLane(shape.lane.stem) : undefined}
            painters={painters}
          />
        ))}
      </div>
      <TransportBar player={player} choice={choice} isAtEdge={isAtEdge} />
      {failure !== undefined && <ErrorLine intro={messages.value.mixer.failed} code={codeOf(failure)} />}
      {stretchFailure !== undefined && (
        <ErrorLine intro={messages.value.mixer.stretchFailed} code={codeOf(stretchFailure)} />
      )}
      {isComplete && <Downloads id={song.id} name={name} stems={stems} player={player} />}
      {song.receipt !== undefined && <ReceiptView receipt={song.receipt} />}
    </div>
  );
}
