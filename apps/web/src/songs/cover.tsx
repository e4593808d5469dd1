import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { call } from '../api/client.js';

/** The song's cover, for the eye only. It is fetched: an image cannot send the access key. */
export function Cover({ path }: { readonly path: string }): JSX.Element | null {
  const url = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const gone = new AbortController();
    const load = async (): Promise<void> => {
      const image = await (await call(path, { signal: gone.signal })).blob();
      gone.signal.throwIfAborted();
      url.value = URL.createObjectURL(image);
    };
    // the card works without it
    load().catch(() => undefined);
    return () => {
      gone.abort();
      if (url.value !== undefined) URL.revokeObjectURL(url.value);
      url.value = undefined;
    };
  }, [path]);
  return url.value === undefined ? null : <img class="cover" src={url.value} alt="" width={48} height={48} />;
}
