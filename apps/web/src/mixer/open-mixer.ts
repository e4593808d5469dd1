import type { Separation } from '../api/contract.js';
import { LightChoice } from '../audio/light/light-choice.js';
import { line, savesData, soundQuality } from '../audio/light/sound-quality.js';
import type { Player } from '../audio/player.js';
import { SAMPLE_RATE } from '../audio/sources/stem-source.js';
import { audioOf, createPlayer, masterRates, stemsOf, type SongAudio } from './create-player.js';
import type { PreviewBlocks } from './preview/preview-blocks.js';
import { TimelineView } from './timeline/timeline-view.js';
import type { Painter } from './waveform/waveform.js';
import type { Shape } from './waveform/waveform-canvas.js';
import { WaveformLoader } from './waveform/waveform-loader.js';
import { Waveforms } from './waveform/waveforms.js';

/** Everything behind the open mixer of a song. */
export interface OpenMixer {
  readonly stems: readonly string[];
  readonly audio: SongAudio;
  readonly choice: LightChoice;
  readonly player: Player;
  readonly view: TimelineView;
  readonly waveforms: Waveforms;
  readonly loader: WaveformLoader;
  /** of all lanes, in their order */
  readonly shapes: readonly Shape[];
  readonly painters: Set<Painter>;
}

/** @param preview used if the song is still being separated */
export function openMixer(song: Separation, preview: PreviewBlocks | undefined): OpenMixer {
  const stems = stemsOf(song);
  const choice = new LightChoice({ line, quality: soundQuality, savesData: savesData() });
  const audio = audioOf(song, preview, choice);
  const waveforms = new Waveforms(stems, audio.samples);
  const player = createPlayer(song, audio, waveforms.add.bind(waveforms));
  choice.open(() => {
    const heard = player.heardLanes();
    const rates = masterRates(preview?.completed ?? song);
    return rates.reduce((sum, rate, lane) => sum + (heard[lane] === true ? rate : 0), 0);
  });
  // only decodes
  const decoder = new OfflineAudioContext({ length: 1, sampleRate: SAMPLE_RATE });
  const loader = new WaveformLoader(
    (signal) => audio.openStems(decoder, signal),
    waveforms,
    () => line.speed.peek() !== undefined && !choice.isLight.peek(),
  );
  const view = new TimelineView(audio.samples);
  const shapes = waveforms.lanes.map((lane): Shape => ({ view, waveforms, lane, loader }));
  return { stems, audio, choice, player, view, waveforms, loader, shapes, painters: new Set() };
}
