import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { api } from '../api/client.js';
import { TEMPO_RANGE, type OwnEdit, type Separation, type SeparationId, type Analysis } from '../api/contract.js';
import { delay } from '../api/delay.js';
import { codeOf } from '../api/errors.js';
import type { Player } from '../audio/player.js';
import { messages } from '../i18n/i18n.js';
import { ErrorLine } from '../ui/error-line.js';
import { transposedKey } from './transposed-key.js';

/** below it, one tempo in six and four keys in ten were wrong: bench/results/analysis.md */
const SURE = 0.8;

/** between two looks while the server is at it */
const AGAIN_MS = 3000;

interface SongFactsProps {
  readonly song: Pick<Separation, 'id' | 'own'>;
  readonly player: Player;
  readonly onEdit: (edit: OwnEdit) => Promise<void>;
}

/** Tempo and key of the song as it is played. Nothing until the server knows them. */
export function SongFacts({ song: { id, own }, player, onEdit }: SongFactsProps): JSX.Element | null {
  const analysis = useSignal<Analysis | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  useEffect(() => {
    const closed = new AbortController();
    // the mixer works without them
    untilAnalyzed(id, closed.signal).then(
      (found) => {
        analysis.value = found;
        player.metronome.setBeats(found.tempo?.beats ?? []);
      },
      () => undefined,
    );
    return () => {
      closed.abort();
    };
    // this tab or another one may have set another tempo or key
  }, [id, player, JSON.stringify(own)]);
  const { tempo = null, key = null } = analysis.value ?? {};
  if (tempo === null && key === null) return null;
  const text = messages.value.facts;
  const { speed, semitones } = player.speedAndPitch.values.value;
  const heardKey = key === null ? null : transposedKey(key, semitones);
  const setTempo = (bpm: number): void => {
    error.value = undefined;
    onEdit({ tempo: Math.round(bpm * 100) / 100 }).catch((reason: unknown) => {
      error.value = reason;
    });
  };
  return (
    <>
      {tempo !== null && (
        <>
          <Fact text={text.tempo(tempo.bpm * speed)} confidence={tempo.confidence} />
          <TempoButton text="÷2" label={text.halve} bpm={tempo.bpm / 2} onChoose={setTempo} />
          <TempoButton text="×2" label={text.double} bpm={tempo.bpm * 2} onChoose={setTempo} />
        </>
      )}
      {heardKey !== null && <Fact text={text.key(heardKey.tonic, heardKey.mode)} confidence={heardKey.confidence} />}
      {error.value !== undefined && <ErrorLine code={codeOf(error.value)} />}
    </>
  );
}

function Fact({ text, confidence }: { readonly text: string; readonly confidence: number }): JSX.Element {
  return <p>{confidence < SURE ? messages.value.facts.notSure(text) : text}</p>;
}

interface TempoButtonProps {
  readonly text: string;
  readonly label: string;
  readonly bpm: number;
  readonly onChoose: (bpm: number) => void;
}

function TempoButton({ text, label, bpm, onChoose }: TempoButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`${text} ${label}`}
      title={label}
      disabled={bpm < TEMPO_RANGE.min || bpm > TEMPO_RANGE.max}
      onClick={() => {
        onChoose(bpm);
      }}
    >
      {text}
    </button>
  );
}

async function untilAnalyzed(id: SeparationId, signal: AbortSignal): Promise<Analysis> {
  for (;;) {
    const analysis = await api.analysis(id, { signal });
    if (analysis !== undefined) return analysis;
    await delay(AGAIN_MS, signal);
  }
}
