// the preview of a running separation: how soon it can be heard, and what a listener costs the separation
import { openClient, songFile } from '../../scripts/support/client.mjs';
import { median, spread, table } from '../support/statistics.mjs';

const LENGTHS = (process.env.BENCH_SECONDS || '60,240').split(',').map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS || 3);

export async function measure(workbench) {
  await workbench.makeRandomModels(['htdemucs']);
  // an analysis would run beside the next song
  const service = await workbench.startService({ MODEL: 'htdemucs', ANALYSIS: 'on-demand' });
  const rows = [];
  let variant = 0;
  for (const seconds of LENGTHS) {
    const runs = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const makeSong = () => workbench.makeSong(seconds, { variant: variant++ });
      const alone = async () => separate(service, await makeSong(), '');
      const heard = async () => separate(service, await makeSong(), '?preview=true');
      // in turns: the machine changes over time
      const pair = round % 2 === 0 ? [await alone(), await heard()] : [await heard(), await alone()].reverse();
      runs.push({ alone: pair[0].whole, ...pair[1] });
      console.log(`${seconds} s: ${JSON.stringify(runs.at(-1))}`);
    }
    rows.push([
      `${seconds} s`,
      spread(
        runs.map(({ first }) => first),
        1,
      ),
      spread(
        runs.map(({ whole }) => whole),
        1,
      ),
      spread(
        runs.map(({ first, whole }) => first / whole),
        3,
      ),
      spread(
        runs.map(({ alone, whole }) => whole / alone),
        3,
      ),
      median(runs.map(({ blocks }) => blocks)),
    ]);
  }
  const head = [
    'song',
    'to the first sound, s',
    'to the manifest, s',
    'first sound / manifest',
    'manifest with / without a listener',
    'blocks',
  ];
  const text = `Full-size htdemucs. Both times begin at the end of the upload. The first sound is there when a client has the first block of every stem. The listener fetches every block as soon as it is announced. Medians and [range] of ${ROUNDS} rounds, with and without a listener in turns.`;
  return { text: `${text}\n\n${table(head, rows)}` };
}

/** Separates a song, and fetches its preview if it is told of one. Times in seconds from the end of the upload. */
async function separate(service, song, query) {
  const client = await openClient(service.url);
  const { id, stems } = await client.upload(await songFile(song));
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let [first, blocks] = [Number.NaN, 0];
  for await (const { attempt, blocks: announced } of previewsOf(service, id, query)) {
    for (const { n } of announced) {
      await Promise.all(stems.map((stem) => fetchBlock(service, `${id}/preview/${attempt}/${stem}/${n}.flac`)));
      if (blocks === 0) first = elapsed();
      blocks += 1;
    }
  }
  const whole = elapsed();
  const { status } = await client.status(id);
  if (status !== 'completed') throw new Error(`the separation is ${status}`);
  return { first, whole, blocks };
}

/** The `preview` events of a separation; ends with it. */
async function* previewsOf(service, id, query) {
  const answer = await fetch(new URL(`/v1/separations/${id}/events${query}`, service.url));
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of answer.body) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = /^event: preview\ndata: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}

async function fetchBlock(service, path) {
  const answer = await fetch(new URL(`/v1/separations/${path}`, service.url));
  await answer.arrayBuffer();
  // the last blocks may be gone: the separation has ended
  if (!answer.ok && answer.status !== 410) throw new Error(`${path}: ${answer.status}`);
}
