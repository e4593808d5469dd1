import { useEffect, useMemo } from 'preact/hooks';
import { isTerminal, type Separation } from '../../api/contract.js';
import { listen } from './listen.js';
import { PreviewBlocks } from './preview-blocks.js';

/** Follows the preview of a song while it is open and still being separated. @returns undefined until it can be heard */
export function usePreview(song: Separation, isOpen: boolean): PreviewBlocks | undefined {
  const { id, receipt } = song;
  const preview = useMemo(() => new PreviewBlocks(), [id]);
  const isFollowed = isOpen && !isTerminal(song.status);
  useEffect(() => (isFollowed ? listen(id, preview) : undefined), [preview, isFollowed]);
  useEffect(() => {
    if (receipt !== undefined) preview.complete(song);
  }, [preview, receipt]);
  return preview.samples.value > 0 ? preview : undefined;
}
