import { UnsupportedAudioError } from '../errors/audio.error.js';
import { spliceSource } from '../sources/spliced-source.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import { SlidingWindow } from '../sources/sliding-window.js';
import type { SongPart } from './song-plan.js';
import { MAX_PAGE_BYTES, parseOggPage } from './ogg-page.js';

interface Range {
  readonly start: number;
  end: number;
}

/** The whole pages of one link, as ranges of the file. */
interface OggLink {
  readonly ranges: Range[];
  isInHeaders: boolean;
}

/** each link is a run of ffmpeg */
const MAX_LINKS = 64;
/** of damaged pages: their checksums are computed in vain, and a made-up page can begin at every byte */
const MAX_DAMAGED_BYTES = 8 * 1024 * 1024;

/**
 * Splits an Ogg file into its links: songs that were appended to each other, each with its own rate, channels and codec
 * (RFC 3533, 4). ffmpeg decodes the first, and loses others that differ. Leaves out damaged pages: ffmpeg may give up at
 * one, but knows from the time stamps of the next what is missing.
 * @throws UnsupportedAudioError for a longer chain than we decode, or damage in too many places
 */
export async function splitOgg(source: SeekableSource): Promise<Pick<SongPart, 'source' | 'isDamaged'>[]> {
  const links = await findLinks(source);
  if (links.length > MAX_LINKS) {
    throw new UnsupportedAudioError(`The Ogg file is a chain of more than ${MAX_LINKS} songs.`);
  }
  return links.map(({ ranges }) => ({ source: spliceSource(source, ranges), isDamaged: ranges.length > 1 }));
}

async function findLinks(source: SeekableSource): Promise<OggLink[]> {
  const window = new SlidingWindow(source);
  const links: OggLink[] = [];
  let damagedBytes = 0;
  try {
    for (let at = 0; at < source.bytes && links.length <= MAX_LINKS;) {
      const view = await window.view(at, MAX_PAGE_BYTES);
      const page = parseOggPage(view);
      if (page === undefined || page.isDamaged) {
        damagedBytes += page?.bytes ?? 0;
        if (damagedBytes > MAX_DAMAGED_BYTES + source.bytes / 8) {
          throw new UnsupportedAudioError('The Ogg file is damaged in too many places.');
        }
        at += bytesToNextPage(view);
        continue;
      }
      const link = linkOf(links, page.beginsStream);
      const last = link.ranges.at(-1);
      if (last?.end === at) last.end += page.bytes;
      else link.ranges.push({ start: at, end: at + page.bytes });
      at += page.bytes;
    }
  } finally {
    window.close();
  }
  return links;
}

/** The first pages of all streams of a link come before any other page. */
function linkOf(links: OggLink[], beginsStream: boolean): OggLink {
  let link = links.at(-1);
  if (link === undefined || (beginsStream && !link.isInHeaders)) {
    link = { ranges: [], isInHeaders: true };
    links.push(link);
  }
  link.isInHeaders = beginsStream;
  return link;
}

function bytesToNextPage(view: Buffer): number {
  const found = view.indexOf('OggS', 1, 'latin1');
  // a name may stand across the end of the view
  return found > 0 ? found : Math.max(view.length - 3, 1);
}
