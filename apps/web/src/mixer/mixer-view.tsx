import { effect, useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { api } from '../api/client.js';
import type { OwnEdit, Separation, Waveform } from '../api/contract.js';
import { codeOf } from '../api/errors.js';
import { connectMediaKeys } from '../audio/media-keys.js';
import type { Player } from '../audio/player.js';
import { messages } from '../i18n/i18n.js';
import { ErrorLine } from '../ui/error-line.js';
import { createPlayer, stemsOf } from './create-player.js';
import { Downloads } from './downloads/downloads.js';
import { listenToShortcuts, type Shortcuts } from './keyboard-shortcuts.js';
import { LaneView } from './lane-view.js';
import type { PreviewBlocks } from './preview/preview-blocks.js';
import { ReceiptView } from './receipt-view.js';
import { SongFacts } from './song-facts.js';
import { Ruler } from './timeline/ruler.js';
import { TransportBar } from './transport-bar.js';

/** of 127: waveforms are scaled up to full height, but not below this peak */
const MIN_SCALE = 8;

/** share of its level that a meter keeps with each frame */
const METER_DECAY = 0.9;

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
  const player = useMemo(() => createPlayer(song, preview), [song.id]);
  const root = useRef<HTMLDivElement>(null);
  const selected = useSignal(0);
  const waveform = useSignal<Waveform | undefined>(undefined);
  const stems = useMemo(() => stemsOf(song), [player]);
  const isComplete = song.receipt !== undefined;
  const highest = useComputed(() =>
    Object.values(waveform.value?.stems ?? {})
      .flat()
      .reduce((a, b) => Math.max(a, b), MIN_SCALE),
  );
  // a layout effect, because a key pressed right away must not reach the button that opened the mixer
  useLayoutEffect(() => {
    const stops = [
      listenToShortcuts(player, stems, selected, shortcuts),
      animate(player, root.current),
      connectMediaKeys(player, name),
      effect(() => {
        const ready = preview === undefined ? 1 : preview.edge.value / player.samples;
        root.current?.style.setProperty('--ready', String(ready));
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      void player.close();
    };
  }, [player]);
  useEffect(() => {
    if (!isComplete) return;
    api.waveform(song.id).then(
      (peaks) => {
        waveform.value = peaks;
      },
      // the mixer works without waveforms
      () => undefined,
    );
  }, [player, isComplete]);
  const failure = player.failure.value;
  const stretchFailure = player.speedAndPitch.failure.value;
  return (
    <div class="mixer" ref={root} style={{ '--lanes': stems.length }}>
      <div class={player.playsOriginal.value ? 'lanes lanes-off' : 'lanes'}>
        <div class="ruler-row">
          <div class="song-facts">{isComplete && <SongFacts song={song} player={player} onEdit={onEdit} />}</div>
          <Ruler player={player} />
        </div>
        {stems.map((stem, index) => (
          <LaneView
            key={stem}
            player={player}
            stem={stem}
            index={index}
            isSelected={selected.value === index}
            onSelect={() => {
              selected.value = index;
            }}
            peaks={waveform.value?.stems[stem]}
            highest={highest.value}
          />
        ))}
      </div>
      <TransportBar player={player} />
      {failure !== undefined && <ErrorLine intro={messages.value.mixer.failed} code={codeOf(failure)} />}
      {stretchFailure !== undefined && (
        <ErrorLine intro={messages.value.mixer.stretchFailed} code={codeOf(stretchFailure)} />
      )}
      {isComplete && <Downloads id={song.id} stems={stems} player={player} />}
      {song.receipt !== undefined && <ReceiptView receipt={song.receipt} />}
    </div>
  );
}

/** Moves the playheads and meters with each frame, without rendering components. @returns a function that stops it */
function animate(player: Player, root: HTMLElement | null): () => void {
  let request = 0;
  const meters = root === null ? [] : Array.from(root.querySelectorAll<HTMLElement>('.meter-fill'));
  const levels = meters.map(() => 0);
  const draw = (): void => {
    player.tick();
    root?.style.setProperty('--at', String(player.position.value / player.samples));
    meters.forEach((meter, index) => {
      const peak = player.isPlaying.value ? (player.peaks[index] ?? 0) : 0;
      const level = Math.max(Math.min(1, peak), (levels[index] ?? 0) * METER_DECAY);
      levels[index] = level < 0.001 ? 0 : level;
      meter.style.transform = `scaleY(${Math.sqrt(levels[index] ?? 0)})`;
    });
    request = requestAnimationFrame(draw);
  };
  draw();
  return () => {
    cancelAnimationFrame(request);
  };
}
