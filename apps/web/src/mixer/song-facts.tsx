import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { api } from '../api/client.js';
import type { Analysis, SeparationId } from '../api/contract.js';
import { delay } from '../api/delay.js';
import type { Player } from '../audio/player.js';
import { messages } from '../i18n/i18n.js';

/** below it, one tempo in six and four keys in ten were wrong: bench/results/analysis.md */
const SURE = 0.8;

/** between two looks while the server is at it */
const AGAIN_MS = 3000;

interface SongFactsProps {
  readonly id: SeparationId;
  readonly player: Player;
}

/** Tempo, as fast as the song is played, and key. Nothing until the server knows them. */
export function SongFacts({ id, player }: SongFactsProps): JSX.Element | null {
  const analysis = useSignal<Analysis | undefined>(undefined);
  useEffect(() => {
    const closed = new AbortController();
    // the mixer works without them
    untilAnalyzed(id, closed.signal).then(
      (found) => {
        analysis.value = found;
      },
      () => undefined,
    );
    return () => {
      closed.abort();
    };
  }, [id]);
  const { tempo = null, key = null } = analysis.value ?? {};
  if (tempo === null && key === null) return null;
  const text = messages.value.facts;
  return (
    <>
      {tempo !== null && <Fact text={text.tempo(tempo.bpm * player.speed.value)} confidence={tempo.confidence} />}
      {key !== null && <Fact text={text.key(key.tonic, key.mode)} confidence={key.confidence} />}
    </>
  );
}

function Fact({ text, confidence }: { readonly text: string; readonly confidence: number }): JSX.Element {
  return <p>{confidence < SURE ? messages.value.facts.notSure(text) : text}</p>;
}

async function untilAnalyzed(id: SeparationId, signal: AbortSignal): Promise<Analysis> {
  for (;;) {
    const analysis = await api.analysis(id, signal);
    if (analysis !== undefined) return analysis;
    await delay(AGAIN_MS, signal);
  }
}
